import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { RestLlrClient } from '#client/index.js';
import { grid } from './helpers/grids.js';
import { testModels } from './helpers/service.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NOBODY = 65534;

/** In a mount namespace of its own: every place that could be written to is read-only. */
const READ_ONLY = `
set -e
for point in $(awk '$4 ~ /^rw/ && $2 !~ /^\\/(proc|sys|dev)/ { print $2 }' /proc/mounts); do
  mount -o bind,remount,ro "$point" 2>/dev/null || true
done
! touch "$PROBE" 2>/dev/null
cd /
exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
`;

function confined(...command: readonly string[]): [string, readonly string[]] {
  return ['unshare', ['--mount', 'bash', '-c', READ_ONLY, 'bash', ...command]];
}

const environment = { PATH: process.env['PATH'], HOME: '/nonexistent', PROBE: `${ROOT}/written` };

/** Only root may set this up, and only where nobody may read the working tree. */
const canConfine = (() => {
  const [command, args] = confined(process.execPath, '-e', `require('fs').readFileSync('${MAIN}')`);
  return spawnSync(command, args, { env: environment }).status === 0;
})();

describe.skipIf(!canConfine)('as nobody, on a read-only file system, without capabilities', () => {
  let models: Awaited<ReturnType<typeof testModels>>;
  let service: ChildProcess;
  const log: Record<string, unknown>[] = [];
  beforeAll(async () => {
    models = await testModels();
    await chmod(models.path, 0o755);
    const ports = ['--host', '127.0.0.1', '--http-port', '0', '--grpc-port', '0', '--drain-delay-ms', '0'];
    const flags = ['--models-dir', models.path, '--workers', '1', '--admin-port', '0', ...ports];
    const [command, args] = confined(process.execPath, MAIN, 'serve', ...flags);
    service = spawn(command, args, { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: service.stdout! })) {
      log.push(JSON.parse(line) as Record<string, unknown>);
      if (log.at(-1)?.['msg'] === 'listening') break;
    }
    service.stdout?.resume();
  });
  afterAll(async () => {
    service.kill('SIGKILL');
    await models.remove();
  });

  test('the service starts, computes and stops as it should', async () => {
    const status = readFileSync(`/proc/${service.pid}/status`, 'utf8');
    expect(status).toMatch(new RegExp(`^Uid:\\s+${NOBODY}\\s`, 'm'));
    expect(status).toMatch(/^CapBnd:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    const { httpPort } = log.at(-1) as { httpPort: number };
    const baseUrl = `http://127.0.0.1:${httpPort}`;
    await expect.poll(async () => (await fetch(`${baseUrl}/readyz`)).status, { timeout: 20_000 }).toBe(200);
    const client = new RestLlrClient({ baseUrl });
    expect(await client.compute([grid()])).toHaveLength(1);
    client.close();
    service.kill('SIGTERM');
    expect(await once(service, 'exit')).toEqual([0, null]);
  });
});

describe('the container', () => {
  interface Compose {
    readonly services: Record<string, Record<string, unknown>>;
  }

  test('is not root, and may write nothing but temporary files', () => {
    const { services } = parse(readFileSync(`${ROOT}/docker/docker-compose.yml`, 'utf8')) as Compose;
    expect(services['spikingrx']).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    const dockerfile = readFileSync(`${ROOT}/Dockerfile`, 'utf8');
    expect(dockerfile.split('\nFROM ').at(-1)).toMatch(/^USER node$/m);
  });
});
