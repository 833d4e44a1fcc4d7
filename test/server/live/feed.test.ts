import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Engine } from '#engine/engine.js';
import { LiveFeed } from '#server/live/feed.js';
import { LiveRecorder } from '#server/live/recorder.js';
import type { LiveService, LiveSnapshot } from '#wire/live.js';

let nowMs = 0;
beforeEach(() => {
  nowMs = 5000;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function pass(seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    nowMs += 1000;
    vi.advanceTimersByTime(1000);
  }
}

/** Names of the events of each text. */
function names(texts: readonly string[]): readonly (readonly (string | undefined)[])[] {
  return texts.map((text) => [...text.matchAll(/^event: (\w+)/gm)].map(([, name]) => name));
}

const stats = {
  admittedGrids: 0,
  admittedBytes: 0,
  largestClientShare: 0,
  waitingGrids: 0,
  waitingHighGrids: 0,
  oldestWaitMs: 0,
  unansweredGrids: 0,
  batchesInFlight: 0,
  workers: 2,
  liveWorkers: 2,
};

function feedOf(service: LiveService) {
  const recorder = new LiveRecorder();
  // All of the engine that a feed looks at.
  const engine = { stats } as unknown as Engine;
  return { recorder, feed: new LiveFeed({ recorder, engine, describe: () => service }) };
}

const SERVICE: LiveService = {
  version: '1',
  startedAt: 0,
  ready: true,
  latestRequest: false,
  provider: 'cpu',
  workers: 2,
  limits: { maxQueuedGrids: 1, maxBatchGrids: 1 },
  models: [],
};

test('ten minutes are kept, whoever looks, and no more', () => {
  const { feed, recorder } = feedOf(SERVICE);
  recorder.gridsEnded('OK', 7);
  pass(1);
  const { samples: first } = JSON.parse(feed.snapshot()) as LiveSnapshot;
  expect(first.map(({ grids, periodMs }) => [grids.answered, periodMs])).toEqual([[7, 1000]]);
  pass(599);
  expect((JSON.parse(feed.snapshot()) as LiveSnapshot).samples[0]).toEqual(first[0]);
  pass(100);
  const { samples } = JSON.parse(feed.snapshot()) as LiveSnapshot;
  expect(samples).toHaveLength(600);
  expect(samples.at(-1)!.at - samples[0]!.at).toBe(599_000);
  expect(samples[0]!.grids.answered).toBe(0);
  feed.close();
});

test('a worker is busy for no more than all of a period', () => {
  const { feed, recorder } = feedOf(SERVICE);
  const batch = {
    model: 'm',
    version: '1',
    worker: 0,
    grids: 1,
    capacity: 1,
    resourceElements: 1,
    requests: [],
  };
  recorder.observer.batchCompleted!({ ...batch, outcome: 'ok', computeMs: 500 });
  pass(1);
  // Begun long before.
  recorder.observer.batchCompleted!({ ...batch, outcome: 'ok', computeMs: 9000 });
  pass(1);
  const { samples } = JSON.parse(feed.snapshot()) as LiveSnapshot;
  expect(samples.map(({ workers }) => workers.busy)).toEqual([0.5, 2]);
  feed.close();
});

test('a change is told to those who were there by the one who comes', () => {
  const service = { ...SERVICE };
  const { feed } = feedOf(service);
  const told: string[][] = [[], []];
  const join = (to: string[]) => feed.subscribe({ send: (events) => to.push(events), end: () => undefined });
  join(told[0]!);
  Object.assign(service, { ready: false, unready: 'shutting down' });
  const leave = join(told[1]!);
  pass(1);
  expect(names(told[0]!)).toEqual([['service', 'history'], ['service'], ['sample']]);
  expect(names(told[1]!)).toEqual([['service', 'history'], ['sample']]);
  leave();
  expect(feed.streams).toBe(1);
  feed.close();
});

test('who is let in while the service ends is told how it is, and that this is all', () => {
  const { feed } = feedOf(SERVICE);
  const told: string[] = [];
  feed.end();
  feed.subscribe({ send: (events) => told.push(events), end: () => told.push('event: end') });
  expect(names(told)).toEqual([['service', 'history'], ['end']]);
  feed.close();
});
