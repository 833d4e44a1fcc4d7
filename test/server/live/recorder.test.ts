import { expect, test } from 'vitest';
import type { BatchCompletedEvent } from '#engine/observer.js';
import { LiveRecorder } from '#server/live/recorder.js';

const batch = {
  model: 'm',
  version: '1',
  worker: 0,
  grids: 3,
  capacity: 8,
  resourceElements: 1,
  requests: [],
};

test('batches count by their grids once they were computed', () => {
  const recorder = new LiveRecorder();
  const completed = (event: BatchCompletedEvent) => recorder.observer.batchCompleted?.(event);
  completed({ ...batch, outcome: 'ok', computeMs: 5 });
  completed({ ...batch, outcome: 'ok', computeMs: 7 });
  completed({ ...batch, grids: 1, outcome: 'ok', computeMs: 2 });
  completed({ ...batch, outcome: 'failed', computeMs: 0 });
  completed({ ...batch, outcome: 'worker_lost', computeMs: 0 });
  recorder.observer.workerRestarted!({ worker: 0, reason: 'lost' });
  expect(recorder.take()).toMatchObject({ batches: { 1: 1, 3: 2 }, computeMs: 14, restarts: 1 });
});

test('what failed counts once: by its grids, or as a request where it had none', () => {
  const recorder = new LiveRecorder();
  recorder.requestBegun();
  recorder.gridsEnded('DEADLINE_EXCEEDED', 2);
  recorder.requestEnded('DEADLINE_EXCEEDED', 2);
  recorder.requestBegun();
  recorder.requestEnded('NOT_FOUND', 0);
  recorder.requestBegun();
  recorder.gridsEnded('OK', 4);
  recorder.requestEnded('OK', 0);
  recorder.requestBegun();
  expect(recorder.take()).toMatchObject({
    grids: { answered: 4, failed: 2 },
    requests: { ended: 3, inFlight: 1 },
    errors: { DEADLINE_EXCEEDED: 2, NOT_FOUND: 1 },
  });
});

test('the next sample begins anew, but for what is under way', () => {
  const recorder = new LiveRecorder();
  recorder.requestBegun();
  recorder.gridsEnded('INTERNAL', 1);
  recorder.stage('compute', 3);
  recorder.loopDelayed(40);
  expect(recorder.take()).toMatchObject({ stages: { compute: {} }, loopDelayP99Ms: expect.closeTo(40, 0) });
  expect(recorder.take()).toEqual({
    grids: { answered: 0, failed: 0 },
    requests: { ended: 0, inFlight: 1 },
    errors: {},
    stages: {},
    batches: {},
    computeMs: 0,
    restarts: 0,
    loopDelayP99Ms: 0,
  });
});
