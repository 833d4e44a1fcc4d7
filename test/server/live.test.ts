import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:http2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Value } from 'typebox/value';
import { LiveSnapshotSchema, type LiveSnapshot } from '#wire/live.js';
import { grid } from './helpers/grids.js';
import { eventsOf, samplesUntil, total } from './helpers/live.js';
import { startTestService, type TestService } from './helpers/service.js';

/** Shorter than a stream lives here, and than the seconds between its samples. */
const REQUEST_TIMEOUT_MS = 700;

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ modelControl: 'explicit', http2: true });
});
afterAll(async () => service.close());

const open = async (headers: Record<string, string> = {}, signal?: AbortSignal, url = service.url) =>
  fetch(`${url}/v1/live`, { headers, ...(signal && { signal }) });

/** What a stream tells from its beginning. */
async function watch(url = service.url) {
  const gone = new AbortController();
  const response = await open({}, gone.signal, url);
  expect(response.status).toBe(200);
  return { response, events: eventsOf(response), leave: () => gone.abort() };
}

const metrics = async () => (await fetch(`${service.url}/metrics`)).text();

/** Grids of all batches. */
function batched(batches: Record<string, number>): number {
  return Object.entries(batches).reduce((sum, [grids, count]) => sum + Number(grids) * count, 0);
}

describe('the event stream', () => {
  test('begins with the service and its history', async () => {
    const { response, events, leave } = await watch();
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect((await events.next()).value).toMatchObject({
      name: 'service',
      data: {
        ready: true,
        provider: 'cpu',
        models: [
          { name: 'random', version: '1', isDefault: false, state: 'READY', nRx: 2, modulation: 'QPSK' },
          { name: 'random', version: '2', isDefault: true },
          { name: 'wide', version: '1', isDefault: false, nRx: 4 },
        ],
      },
    });
    expect((await events.next()).value).toMatchObject({ name: 'history' });
    leave();
  });

  test('tells what was served and what was not, once each', async () => {
    const { events, leave } = await watch();
    const answers = await Promise.all(
      Array.from({ length: 9 }, async (_, i) => service.rest.compute([grid({ id: `${i}` })])),
    );
    expect(answers).toHaveLength(9);
    await expect(service.rest.compute([grid({ nRx: 3 })])).rejects.toThrow('rx');
    expect((await fetch(`${service.url}/v1/models/none`)).status).toBe(404);
    const samples = await samplesUntil(events, (some) => total(some, ({ requests }) => requests.ended) >= 11);
    leave();
    expect(total(samples, ({ grids }) => grids.answered)).toBe(9);
    expect(total(samples, ({ grids }) => grids.failed)).toBe(1);
    expect(total(samples, ({ errors }) => errors['INVALID_ARGUMENT'] ?? 0)).toBe(1);
    expect(total(samples, ({ errors }) => errors['NOT_FOUND'] ?? 0)).toBe(1);
    expect(total(samples, ({ batches }) => batched(batches))).toBe(9);
    // A second may end between a batch and its answer.
    const stages = new Set(samples.flatMap((sample) => Object.keys(sample.stages)));
    expect([...stages].toSorted()).toEqual(['compute', 'decode', 'encode', 'queue', 'total']);
    expect(total(samples, ({ workers }) => workers.busy)).toBeGreaterThan(0);
    const longest = (stage: 'compute' | 'total') =>
      Math.max(...samples.map((sample) => sample.stages[stage]?.maxMs ?? 0));
    expect(longest('total')).toBeGreaterThanOrEqual(longest('compute'));
    for (const { memory } of samples) expect(memory.residentBytes).toBeGreaterThan(memory.heapUsedBytes);
  });

  test('whoever comes later is told the same from the history, as JSON too', async () => {
    const response = await open({ accept: 'application/json' });
    const snapshot = (await response.json()) as LiveSnapshot;
    expect([...Value.Errors(LiveSnapshotSchema, snapshot)]).toEqual([]);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(total(snapshot.samples, ({ grids }) => grids.answered)).toBe(9);
    const gaps = snapshot.samples
      .slice(1)
      .map(({ at, periodMs }, i) => at - snapshot.samples[i]!.at - periodMs);
    // Periods follow each other without gaps; `at` is in whole milliseconds.
    for (const gap of gaps) expect(Math.abs(gap)).toBeLessThan(2);
  });

  test('tells a change of the models once, to all', async () => {
    const streams = [await watch(), await watch()];
    await service.server.engine.repository.unload('wide');
    for (const { events, leave } of streams) {
      const states: (string | undefined)[] = [];
      for await (const { name, data } of events) {
        if (name === 'service') states.push(data.models.find((model) => model.name === 'wide')?.state);
        if (states.at(-1) === 'UNAVAILABLE') break;
      }
      expect(states[0]).toBe('READY');
      expect(new Set(states).size).toBe(states.length);
      leave();
    }
  });

  test('does not count itself, and ends well when its client leaves', async () => {
    const { events, leave } = await watch();
    for await (const { name, data } of events) {
      // Of those before, some are of seconds in which others asked for something.
      if (name !== 'sample') continue;
      expect(data.requests.inFlight).toBe(0);
      break;
    }
    leave();
    await expect.poll(metrics).toMatch(/^spikingrx_live_streams 0$/m);
    const counted = /spikingrx_requests_total\{transport="rest",method="GET \/v1\/live",code="(\w+)"\}/g;
    expect([...(await metrics()).matchAll(counted)].map(([, code]) => code)).toEqual(['OK']);
  });

  test('is no way to the latest grid, which is kept only where the setting says so', async () => {
    const refused = await fetch(`${service.url}/v1/live/request`);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({
      error: { code: 'PERMISSION_DENIED', message: /set dashboardRequest/ },
    });
  });

  test('is a head for those who ask for no more', async () => {
    const head = await fetch(`${service.url}/v1/live`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  });

  test('there are so many of them; who holds his share leaves room for others, until one of his has gone', async () => {
    const gone = new AbortController();
    const last = await watch();
    let others = 0;
    let answer = await open({}, gone.signal);
    for (; answer.status === 200; others++) answer = await open({}, gone.signal);
    expect([answer.status, Number(answer.headers.get('retry-after'))]).toEqual([429, expect.any(Number)]);
    expect(await answer.json()).toMatchObject({
      error: { code: 'QUEUE_FULL', message: /^the room for those who look on is full: this client/ },
    });
    // Those of the tests before may not have gone yet.
    expect(others).toBeGreaterThan(16);
    expect(others).toBeLessThan(32);
    const neighbour = get(`${service.url}/v1/live`, { localAddress: '127.0.0.2' });
    const [heard] = (await once(neighbour, 'response')) as [IncomingMessage];
    expect(heard.statusCode).toBe(200);
    neighbour.destroy();
    last.leave();
    await expect.poll(async () => (await open({}, gone.signal)).status).toBe(200);
    gone.abort();
  });
});

test('with adminPort it is there, as the metrics are; it is told the end of the service, over HTTP/1.1 and HTTP/2', async () => {
  const short = await startTestService({
    adminPort: 0,
    http2: true,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    // Longer than this test may take: the end waits for nobody who looks on, whether he reads or not.
    shutdownTimeoutMs: 3_600_000,
    dashboardRequest: true,
  });
  const elsewhere = await open({}, undefined, short.url);
  expect(elsewhere.status).toBe(404);
  expect(await elsewhere.json()).toMatchObject({
    error: { message: 'no route GET /v1/live on this port: it is on adminPort' },
  });
  const url = `http://127.0.0.1:${short.server.adminPort}`;
  expect(await (await fetch(`${url}/v1/models`)).json()).toMatchObject({
    error: { message: 'no route GET /v1/models on this port: it is on httpPort' },
  });
  // For operators alone, who are asked for nothing on their port; there is none yet.
  for (const [port, message] of [
    [short.url, /it is on adminPort/],
    [url, /no grid has been answered/],
  ] as const)
    expect(await (await fetch(`${port}/v1/live/request`)).json()).toMatchObject({ error: { message } });
  const { events } = await watch(url);
  const session = connect(url);
  const second = session.request({ ':path': '/v1/live' });
  second.setEncoding('utf8');
  const deaf = connect(url, { settings: { initialWindowSize: 0 } });
  deaf.on('error', () => undefined);
  await once(
    deaf.request({ ':path': '/v1/live' }).on('error', () => undefined),
    'response',
  );
  // What is no stream ends as any answer does that is not read.
  const unread = deaf.request({ ':path': '/v1/live', accept: 'application/json' });
  unread.on('error', () => undefined);
  const ended = new Promise((resolve) => unread.once('close', resolve));
  let text = '';
  second.on('data', (part: string) => (text += part));
  // Longer than any request may take.
  await samplesUntil(events, (samples) => samples.length >= 2);
  await expect.poll(() => text.split('event: sample').length).toBeGreaterThan(2);
  await ended;
  const closed = short.close();
  const after = [];
  for await (const event of events) after.push(event);
  expect(after.at(-1)).toMatchObject({ name: 'service', data: { ready: false, unready: 'shutting down' } });
  await closed;
  expect(text.trimEnd().split('\n\n').at(-1)).toContain('shutting down');
  session.destroy();
  deaf.destroy();
});
