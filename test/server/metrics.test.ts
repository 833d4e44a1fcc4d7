import { expect, test } from 'vitest';
import { Metrics } from '#server/metrics.js';

test('the queue counts grids that never left it in time, too', async () => {
  const { observer, registry } = new Metrics();
  const grid = { model: 'm', version: '1', request: {}, enqueuedMs: 0 };
  observer.gridFinished?.({ ...grid, outcome: 'OK', queueMs: 1, computeMs: 3, batchSize: 2 });
  observer.gridFinished?.({
    ...grid,
    outcome: 'DEADLINE_EXCEEDED',
    queueMs: 999,
    computeMs: 0,
    batchSize: 0,
  });
  const text = await registry.metrics();
  expect(text).toContain('spikingrx_stage_seconds_count{stage="queue"} 2\n');
  expect(text).toContain('spikingrx_stage_seconds_sum{stage="queue"} 1\n');
  expect(text).toContain('spikingrx_stage_seconds_count{stage="compute"} 1\n');
});

test('a batch is sized when it is sent and counted when it ends', async () => {
  const { observer, registry } = new Metrics();
  const batch = {
    model: 'm',
    version: '1',
    worker: 0,
    grids: 3,
    capacity: 4,
    resourceElements: 504,
    requests: [],
  };
  observer.batchDispatched?.(batch);
  observer.batchCompleted?.({ ...batch, outcome: 'worker_lost', computeMs: 0 });
  observer.batchDispatched?.(batch);
  const text = await registry.metrics();
  expect(text).toContain('spikingrx_batch_size_grids_sum 6\n');
  expect(text).toContain('spikingrx_batch_fill_ratio_sum 1.5\n');
  expect(text).toContain('spikingrx_batches_total{outcome="worker_lost"} 1\n');
});
