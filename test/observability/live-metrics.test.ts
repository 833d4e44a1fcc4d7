import { createRequire } from 'node:module';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { grid } from '../server/helpers/grids.js';
import { startTestService, type TestService } from '../server/helpers/service.js';
import { parseMetrics, scrape } from './helpers/metrics-text.js';

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ workers: 1, maxBatchGrids: 2 });
});
afterAll(async () => service.close());

/** Values of a metric, by its labels as text. */
async function read(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const found = parseMetrics(await scrape(service.url)).find(
    (series) =>
      series.name === name && Object.entries(labels).every(([key, value]) => series.labels[key] === value),
  );
  return found?.value ?? Number.NaN;
}

test('versions are there, the runtime’s the installed one', async () => {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
  const labels = { node: process.versions.node, onnxruntime: version };
  expect(await read('spikingrx_build_info', labels)).toBe(1);
});

test('the age of the queue grows while grids wait, and is 0 without any', async () => {
  expect(await read('spikingrx_queue_oldest_age_seconds')).toBe(0);
  const wide = Array.from({ length: 24 }, (_, i) => grid({ id: `g${i}`, nSc: 3276 }));
  const answers = Promise.all(wide.map(async (one) => service.grpc.compute([one])));
  await vi.waitFor(
    async () => expect(await read('spikingrx_queue_oldest_age_seconds')).toBeGreaterThan(0.02),
    {
      timeout: 10_000,
      interval: 5,
    },
  );
  await answers;
  expect(await read('spikingrx_queue_oldest_age_seconds')).toBe(0);
  expect(await read('spikingrx_batch_fill_ratio_sum')).toBeGreaterThanOrEqual(12);
});

test('a blocked event loop is seen, in its delay and its utilisation', async () => {
  const slow = async (): Promise<number> =>
    (await read('spikingrx_event_loop_delay_seconds_count')) -
    (await read('spikingrx_event_loop_delay_seconds_bucket', { le: '0.2' }));
  const before = { slow: await slow(), active: await read('spikingrx_event_loop_active_seconds_total') };
  const until = performance.now() + 400;
  while (performance.now() < until);
  await vi.waitFor(async () => expect(await slow()).toBeGreaterThan(before.slow), 10_000);
  expect(await read('spikingrx_event_loop_active_seconds_total')).toBeGreaterThan(before.active + 0.39);
});

test('an idle loop is not said to be late', async () => {
  const quick = { le: '0.005' };
  const start = await read('spikingrx_event_loop_delay_seconds_bucket', quick);
  await vi.waitFor(
    async () =>
      expect(await read('spikingrx_event_loop_delay_seconds_bucket', quick)).toBeGreaterThan(start + 5),
    { timeout: 10_000, interval: 100 },
  );
});
