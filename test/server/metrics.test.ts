import { expect, test } from 'vitest';
import { Metrics } from '#server/metrics.js';

test('the queue counts grids that never left it in time, too', async () => {
  const { observer, registry } = new Metrics();
  const grid = { model: 'm', version: '1', request: { id: '' }, enqueuedMs: 0, priority: 'normal' } as const;
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

test('deadlines that were missed are told apart, and slack is measured', async () => {
  const { observer, registry } = new Metrics();
  const grid = {
    model: 'm',
    version: '1',
    request: { id: '' },
    enqueuedMs: 0,
    computeMs: 0,
    queueMs: 1,
  } as const;
  const late = { ...grid, outcome: 'DEADLINE_EXCEEDED' } as const;
  observer.gridFinished?.({ ...late, batchSize: 0, priority: 'normal' });
  observer.gridFinished?.({ ...late, batchSize: 3, priority: 'high', slackMs: -2 });
  observer.gridFinished?.({ ...grid, outcome: 'OK', batchSize: 3, priority: 'high', slackMs: 0.3 });
  observer.gridFinished?.({ ...grid, outcome: 'CANCELLED', batchSize: 0, priority: 'high' });
  const text = await registry.metrics();
  for (const line of [
    'spikingrx_deadlines_missed_total{kind="queue",priority="normal"} 1',
    'spikingrx_deadlines_missed_total{kind="late",priority="normal"} 0',
    'spikingrx_deadlines_missed_total{kind="queue",priority="high"} 0',
    'spikingrx_deadlines_missed_total{kind="late",priority="high"} 1',
    'spikingrx_slack_seconds_bucket{le="0",priority="high"} 1',
    'spikingrx_slack_seconds_bucket{le="0.0005",priority="high"} 2',
  ])
    expect(text).toContain(`${line}\n`);
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
