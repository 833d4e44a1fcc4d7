import { execFileSync } from 'node:child_process';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadConfig } from '#server/config.js';
import { startServer } from '#server/server.js';
import { grid } from '../server/helpers/grids.js';
import { startTestService, testModels } from '../server/helpers/service.js';
import { Collector } from './helpers/collector.js';

let collector: Collector;
function environment(more: Readonly<Record<string, string>> = {}): void {
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.endpoint);
  vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '20');
  for (const [name, value] of Object.entries(more)) vi.stubEnv(name, value);
}

beforeAll(async () => {
  collector = await Collector.start();
});
beforeEach(() => void collector.spans.splice(0));
afterAll(async () => collector.stop());
afterEach(() => vi.unstubAllEnvs());

test('spans that wait are sent when the service stops', async () => {
  environment({ OTEL_BSP_SCHEDULE_DELAY: '60000' });
  const service = await startTestService({ workers: 1 });
  await service.rest.compute([grid()]);
  expect(collector.spans).toEqual([]);
  await service.close();
  expect(collector.named('POST /v1/llr')).toHaveLength(1);
});

test('a sampler decides on each grid of a stream, whatever it decided on the stream', async () => {
  environment({ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' });
  const service = await startTestService({ workers: 1 });
  const [streams, each] = [8, 25];
  for (let stream = 0; stream < streams; stream++) {
    const grids = Array.from({ length: each }, (_, i) => grid({ id: `g${i}` }));
    for await (const { error } of service.grpc.stream(grids)) expect(error).toBeUndefined();
  }
  await service.close();
  const traced = collector.named('grid');
  // Six standard deviations of 200 tosses of a coin; a stream without any grid has odds of one in 33 million.
  expect(Math.abs(traced.length - (streams * each) / 2)).toBeLessThan(43);
  expect(new Set(traced.flatMap(({ links }) => links)).size).toBe(streams);
  expect(collector.named('StreamLlr').length).toBeLessThanOrEqual(streams);
});

test('a collector that is not there costs the clients nothing, and a line in the log', async () => {
  const gone = await Collector.start();
  environment({ OTEL_EXPORTER_OTLP_ENDPOINT: gone.endpoint, OTEL_EXPORTER_OTLP_TIMEOUT: '500' });
  await gone.stop();
  const lines: string[] = [];
  const service = await startTestService(
    { workers: 1 },
    { log: pino({ level: 'warn' }, { write: (line) => void lines.push(line) }) },
  );
  await service.rest.compute([grid()]);
  for await (const answer of service.grpc.stream([grid()])) expect(answer.error).toBeUndefined();
  await vi.waitFor(() => expect(lines.join('')).toContain('spans may be missing'), 10_000);
  const start = performance.now();
  await service.close();
  expect(performance.now() - start).toBeLessThan(8000);
});

/**
 * OpenTelemetry's modules that a process has loaded once it has imported the service and asked for traces; the
 * interface, which prom-client looks at, does not count.
 */
function loadedModules(env: Readonly<Record<string, string>>): number {
  const script = `
    import { createRequire } from 'node:module';
    import { startTracing } from './dist/server/telemetry/tracing.js';
    import './dist/server/server.js';
    await startTracing(process.env, console);
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(loaded.filter((path) => /@opentelemetry.(?!api)/.test(path)).length);
    process.exit(0);`;
  const options = { encoding: 'utf8', env: { ...process.env, ...env } } as const;
  return Number(execFileSync(process.execPath, ['--input-type=module', '-e', script], options));
}

describe('settings', () => {
  test.each([
    ['OTEL_TRACES_EXPORTER', 'console'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
  ])('%s=%s is refused at start: it would not take effect', async (name, value) => {
    environment({ [name]: value });
    const models = await testModels();
    const config = loadConfig({ flags: { modelsDir: models.path } });
    await expect(startServer(config, { log: pino({ level: 'silent' }) })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: name,
    });
    await models.remove();
  });

  test.each([
    ['without variables', {}],
    ['switched off', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_SDK_DISABLED: 'true' }],
    ['without exporter', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_EXPORTER: 'none' }],
  ])('%s, OpenTelemetry is not even loaded', (_what, env) => {
    expect(loadedModules(env)).toBe(0);
  });

  test('and with them it is', () => {
    expect(loadedModules({ OTEL_TRACES_EXPORTER: 'otlp' })).toBeGreaterThan(0);
  });
});
