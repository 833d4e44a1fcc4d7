import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiError } from '#dashboard/api/client.js';
import { ERRORS } from '#dashboard/live/charts.js';
import {
  batchCounts,
  errorCodes,
  inWindow,
  isolated,
  meanBatch,
  perSecond,
  pointsOf,
} from '#dashboard/live/series.js';
import { serviceState } from '#dashboard/live/state.js';
import { withSamples } from '#dashboard/live/store.js';
import { followStream, type StreamState } from '#dashboard/live/stream.js';
import type { LiveSample, LiveService } from '#wire/live.js';

function sample(at: number, parts: Partial<LiveSample> = {}): LiveSample {
  return {
    at,
    periodMs: 1000,
    grids: { answered: 0, failed: 0 },
    requests: { ended: 0, inFlight: 0 },
    errors: {},
    stages: {},
    batches: {},
    queue: { waitingGrids: 0, admittedGrids: 0, admittedBytes: 0, oldestMs: 0 },
    workers: { live: 1, busy: 0, restarts: 0 },
    eventLoop: { delayP99Ms: 0, utilisation: 0 },
    memory: { residentBytes: 0, heapUsedBytes: 0 },
    ...parts,
  };
}

describe('samples', () => {
  it('are kept in order, none twice, and not for ever', () => {
    const known = [sample(1000), sample(2000)];
    expect(withSamples(known, [sample(3000)]).map(({ at }) => at)).toEqual([1000, 2000, 3000]);
    const again = [sample(500), sample(2000), sample(3000)];
    expect(withSamples(known, again).map(({ at }) => at)).toEqual([500, 1000, 2000, 3000]);
    expect(withSamples(known, [sample(3000)], 2).map(({ at }) => at)).toEqual([2000, 3000]);
  });

  it('of a window are those that end in it', () => {
    const all = [1000, 2000, 3000, 4000].map((at) => sample(at));
    expect(inWindow(all, 3000, 2000).map(({ at }) => at)).toEqual([2000, 3000]);
  });

  it('become a line that breaks where some are missing, but not where one took long', () => {
    const late = sample(4200, { periodMs: 2200 });
    const lines = pointsOf([sample(1000), sample(2000), late, sample(9000)], () => 1);
    expect(lines).toEqual([
      [1000, 1],
      [2000, 1],
      [4200, 1],
      [4201, null],
      [9000, 1],
    ]);
    expect([...isolated(lines)]).toEqual([4]);
  });

  it('count by the second, whatever their period', () => {
    expect(perSecond(sample(0, { periodMs: 2000 }), 300)).toBe(150);
  });

  it('tell the batches of a window by their grids', () => {
    const all = [sample(1000, { batches: { 1: 3, 4: 1 } }), sample(2000, { batches: { 4: 2 } })];
    expect(batchCounts(all, 5)).toEqual([3, 0, 0, 3, 0]);
    expect(all.map(meanBatch)).toEqual([7 / 4, 4]);
    expect(meanBatch(sample(0))).toBeUndefined();
  });

  it('tell which errors there were, the most frequent first', () => {
    const all = [
      sample(1000, { errors: { CANCELLED: 1, QUEUE_FULL: 2 } }),
      sample(2000, { errors: { QUEUE_FULL: 1 } }),
    ];
    expect(errorCodes(all)).toEqual([
      { code: 'QUEUE_FULL', count: 3 },
      { code: 'CANCELLED', count: 1 },
    ]);
  });

  it('draw all errors: beyond the most frequent codes as one', () => {
    const samples = [sample(1000, { errors: { A: 7, B: 6, C: 5, D: 4, E: 2, F: 1 } })];
    const { series } = ERRORS.of({ samples, from: 0, to: 1000, maxQueuedGrids: 8, maxBatchGrids: 4 });
    expect(series.map(({ name, points }) => [name, points.at(-1)?.[1]])).toEqual([
      ['A', 7],
      ['B', 6],
      ['C', 5],
      ['D', 4],
      ['others', 3],
    ]);
  });
});

const SERVICE: LiveService = {
  version: '1',
  startedAt: 0,
  ready: true,
  provider: 'cpu',
  workers: 1,
  limits: { maxQueuedGrids: 8, maxBatchGrids: 4 },
  latestRequest: false,
  models: [],
};

describe('the state of the service', () => {
  it.each<[Parameters<typeof serviceState>[0], string, string]>([
    [{ stream: { kind: 'connecting' }, service: undefined, silentMs: 0 }, 'plain', 'Connecting …'],
    [{ stream: { kind: 'live' }, service: SERVICE, silentMs: 900 }, 'good', 'Ready'],
    [{ stream: { kind: 'live' }, service: SERVICE, silentMs: 7000 }, 'warn', 'Silent'],
    [{ stream: { kind: 'live' }, service: { ...SERVICE, ready: false }, silentMs: 0 }, 'warn', 'Not ready'],
    [{ stream: { kind: 'lost', message: 'x' }, service: SERVICE, silentMs: 0 }, 'bad', 'Reconnecting …'],
    [
      { stream: { kind: 'refused', status: 401, message: 'x' }, service: undefined, silentMs: 0 },
      'bad',
      'Key needed',
    ],
    [
      { stream: { kind: 'refused', status: 404, message: 'x' }, service: undefined, silentMs: 0 },
      'plain',
      'No live data',
    ],
  ])('%j', (known, tone, text) => {
    expect(serviceState(known)).toMatchObject({ tone, text });
  });
});

/** Answers with events, and leaves the stream open or not. */
function says(text: string, isLast = false): RequestListener {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(text);
    if (isLast) response.end();
  };
}

describe('the event stream', () => {
  const ends: (() => void)[] = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  /** Follows what `answer` says to the n-th request, until `until` is met by what was heard. */
  async function heardFrom(answers: readonly RequestListener[], silenceMs = 5000) {
    let asked = 0;
    const server = createServer((request, response) =>
      answers[Math.min(asked++, answers.length - 1)]?.(request, response),
    );
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const leaving = new AbortController();
    ends.push(() => {
      leaving.abort();
      server.closeAllConnections();
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const events: string[] = [];
    const states: StreamState['kind'][] = [];
    const done = new Promise<void>((resolve) => {
      void followStream({
        open: async (signal) => {
          const response = await fetch(url, { signal });
          if (!response.ok) throw new ApiError(response.status, 'PERMISSION_DENIED', 'no');
          return response;
        },
        onEvent: (name, data) => {
          events.push(`${name} ${JSON.stringify(data)}`);
          if (name === 'sample') resolve();
        },
        onState: ({ kind }) => {
          states.push(kind);
          if (kind === 'refused') resolve();
        },
        signal: leaving.signal,
        backOffMs: () => 1,
        silenceMs,
      });
    });
    await done;
    return { events, states, asked };
  }

  const SAMPLE = 'event: sample\ndata: {"at":1}\n\n';

  it('is read event by event; comments and events of other names are nothing', async () => {
    const text = `: hello\n\nevent: service\ndata: {"version":"1"}\n\nevent: other\ndata: {}\n\n${SAMPLE}`;
    const { events, states } = await heardFrom([says(text)]);
    expect(events).toEqual(['service {"version":"1"}', 'sample {"at":1}']);
    expect(states.slice(0, 2)).toEqual(['connecting', 'live']);
  });

  it('begins again where it ends, breaks, or is refused for now', async () => {
    const { states, asked } = await heardFrom([
      says('event: history\ndata: {"samples":[]}\n\n', true),
      (_request, response) => response.destroy(),
      (_request, response) => response.writeHead(503).end(),
      says(SAMPLE),
    ]);
    expect(asked).toBe(4);
    expect(states.filter((kind) => kind === 'lost')).toHaveLength(3);
    expect(states.at(-1)).toBe('live');
  });

  it('begins again where it says nothing for too long', async () => {
    const { asked } = await heardFrom([says(': only this\n\n'), says(SAMPLE)], 100);
    expect(asked).toBe(2);
  });

  it('is left where the service does not give it', async () => {
    const { states, asked } = await heardFrom([(_request, response) => response.writeHead(403).end()]);
    expect([states, asked]).toEqual([['connecting', 'refused'], 1]);
  });
});
