import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  CONFIG_KEYS,
  ConfigSchema,
  environmentName,
  flagName,
  loadConfig,
  maxJsonBytes,
  maxRequestBytes,
  serviceLinks,
} from '#server/config.js';

const folder = mkdtempSync(join(tmpdir(), 'spikingrx-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, `${Math.abs(text.length)}-${CONFIG_KEYS.length}.yaml`);
  writeFileSync(path, text);
  return path;
}

describe('precedence', () => {
  test('flags before environment before file before defaults', () => {
    const path = file('httpPort: 1\ngrpcPort: 2\nlogLevel: warn\n');
    const environment = { SPIKINGRX_HTTP_PORT: '11', SPIKINGRX_GRPC_PORT: '12', PATH: 'ignored' };
    expect(loadConfig({ file: path, environment, flags: { httpPort: '21' } })).toMatchObject({
      httpPort: 21,
      grpcPort: 12,
      logLevel: 'warn',
      maxBatchGrids: 16,
    });
  });

  test('what Kubernetes sets for a service named spikingrx is no setting', () => {
    const links = {
      SPIKINGRX_SERVICE_HOST: '10.0.0.1',
      SPIKINGRX_SERVICE_PORT: '8000',
      SPIKINGRX_SERVICE_PORT_HTTP: '8000',
      SPIKINGRX_PORT: 'tcp://10.0.0.1:8000',
      SPIKINGRX_PORT_8000_TCP: 'tcp://10.0.0.1:8000',
      SPIKINGRX_PORT_8000_TCP_ADDR: '10.0.0.1',
    };
    const environment = { ...links, SPIKINGRX_HTTP_PORT: '81' };
    expect(loadConfig({ environment }).httpPort).toBe(81);
    expect(serviceLinks(environment)).toEqual(Object.keys(links));
    expect(() => loadConfig({ environment: { SPIKINGRX_PORT: '81' } })).toThrow(/unknown setting/);
    expect(serviceLinks(Object.fromEntries(CONFIG_KEYS.map((key) => [environmentName(key), '1'])))).toEqual(
      [],
    );
  });

  test('the file may be named by the environment', () => {
    const path = file('maxBatchGrids: 3');
    expect(loadConfig({ environment: { SPIKINGRX_CONFIG: path } }).maxBatchGrids).toBe(3);
  });

  test('every key has a flag, a variable, a description; defaults where it must', () => {
    for (const key of CONFIG_KEYS) {
      expect(flagName(key)).toMatch(/^--[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(environmentName(key)).toMatch(/^SPIKINGRX_[A-Z0-9]+(_[A-Z0-9]+)*$/);
      expect(ConfigSchema.properties[key]).toHaveProperty('description');
    }
    expect(loadConfig()).toMatchObject({ host: '0.0.0.0', httpPort: 8000, grpcPort: 8001, provider: 'cpu' });
  });
});

describe('refusals', () => {
  test.each([
    [
      'unknown key in the file',
      () => loadConfig({ file: file('httPort: 1') }),
      /httPort: unknown setting.*did you mean httpPort\?/,
    ],
    [
      'unknown variable',
      () => loadConfig({ environment: { SPIKINGRX_GRPC_PROT: '1' } }),
      /SPIKINGRX_GRPC_PROT.*did you mean SPIKINGRX_GRPC_PORT\?/,
    ],
    ['nothing like it', () => loadConfig({ file: file('zzz: 1') }), /zzz: unknown setting.*known are host/],
    [
      'text for a number',
      () => loadConfig({ flags: { httpPort: 'many' } }),
      /--http-port: expected a whole number from 0 to 65535, received many/,
    ],
    [
      'fraction',
      () => loadConfig({ environment: { SPIKINGRX_WORKERS: '1.5' } }),
      /SPIKINGRX_WORKERS: expected a whole number/,
    ],
    [
      'out of range',
      () => loadConfig({ file: file('grpcPort: 70000 # far') }),
      /grpcPort \(in .*: expected .* to 65535, received 70000/,
    ],
    [
      'enum',
      () => loadConfig({ flags: { provider: 'tpu' } }),
      /--provider: expected one of cpu, cuda, auto, received tpu/,
    ],
    [
      'boolean',
      () => loadConfig({ environment: { SPIKINGRX_LOG_PRETTY: 'yes' } }),
      /expected true or false, received yes/,
    ],
    [
      'no mapping',
      () => loadConfig({ file: file('- a\n- b') }),
      /expected a YAML mapping of settings, received a list/,
    ],
    ['broken YAML', () => loadConfig({ file: file('a: [1') }), /cannot read the configuration file/],
    [
      'missing file',
      () => loadConfig({ file: join(folder, 'none.yaml') }),
      /cannot read the configuration file.*ENOENT/,
    ],
    [
      'no effect',
      () => loadConfig({ flags: { deviceId: '1' } }),
      /--device-id: expected no value with provider cpu/,
    ],
    [
      'queue below a request',
      () => loadConfig({ flags: { maxQueuedBytes: '1000' } }),
      /--max-queued-bytes: expected at least .* that --max-rx, --max-prb/,
    ],
    [
      'request above the queue',
      () => loadConfig({ flags: { maxQueuedGrids: '2' } }),
      /--max-grids-per-request: expected at most --max-queued-grids = 2/,
    ],
    [
      'one port for two',
      () => loadConfig({ flags: { grpcPort: '8000' } }),
      /--grpc-port: expected another port than --http-port/,
    ],
  ])('%s', (_name, load, message) => {
    expect(load).toThrow(message);
    expect(load).toThrow(expect.objectContaining({ name: 'SpikingRxError', code: 'INVALID_ARGUMENT' }));
  });
});

test('the size limit holds the widest grid and a whole batch', () => {
  const config = loadConfig({ flags: { maxRx: 4, maxPrb: 273, maxBatchResourceElements: 100 } });
  expect(maxRequestBytes(config)).toBeGreaterThanOrEqual(14 * 12 * 273 * 5 * 8);
  expect(maxJsonBytes(config)).toBeGreaterThanOrEqual((maxRequestBytes(config) * 4) / 3);
});
