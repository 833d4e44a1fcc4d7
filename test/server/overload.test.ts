import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import type { ClientGrid, StreamAnswer } from '#client/index.js';
import { llrServiceDefinition } from '#wire/proto.js';
import { requestMessage } from '#client/wire.js';
import { SpikingRxError } from '#errors.js';
import { grid, jsonGrid } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

let service: TestService;
afterEach(async () => service.close());

/** Wide enough that many of them keep the workers busy for a while. */
const wide = (seed: number): ClientGrid => grid({ seed, nSc: 12 * 60 });
const grids = (count: number): ClientGrid[] => Array.from({ length: count }, (_, seed) => wide(seed));

async function answersOf(stream: AsyncIterable<StreamAnswer>): Promise<StreamAnswer[]> {
  const answers: StreamAnswer[] = [];
  for await (const answer of stream) answers.push(answer);
  return answers;
}

async function eventually(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`timed out: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a full queue', () => {
  test('refuses with 429 and Retry-After, RESOURCE_EXHAUSTED and a retry time; the rest is served', async () => {
    service = await startTestService({ workers: 1, maxQueuedGrids: 4, maxGridsPerRequest: 4 });
    const outcomes = await Promise.allSettled(
      grids(16).map(async (one, i) => (i % 2 ? service.grpc.compute([one]) : service.rest.compute([one]))),
    );
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refused.length).toBeGreaterThan(0);
    expect(outcomes.length - refused.length).toBeGreaterThanOrEqual(4);
    for (const error of refused) {
      expect(error).toBeInstanceOf(SpikingRxError);
      expect(error).toMatchObject({ code: 'QUEUE_FULL' });
      expect(error.retryAfterMs).toBeGreaterThan(0);
    }
    expect(await service.grpc.compute([grid()])).toHaveLength(1);
    expect(service.server.engine.stats).toMatchObject({ admittedGrids: 0, admittedBytes: 0 });
  });

  test('the header and the status are on the wire', async () => {
    service = await startTestService({ workers: 1, maxQueuedGrids: 1, maxGridsPerRequest: 1 });
    const hold = service.server.engine.admit({ grids: 1, bytes: 1 });
    const response = await fetch(`${service.url}/v1/llr`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ grids: [jsonGrid()] }),
    });
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await response.json()).toMatchObject({
      error: { code: 'QUEUE_FULL', retryAfterMs: expect.any(Number) },
    });
    const client = new Client(service.target, credentials.createInsecure());
    const { path, requestSerialize, responseDeserialize } = llrServiceDefinition.ComputeLlr;
    const error = await new Promise<ServiceError | null>((resolve) => {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        requestMessage([grid()], {}),
        resolve,
      );
    });
    client.close();
    expect(error?.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(Number(error?.metadata.get('retry-after-ms')[0])).toBeGreaterThan(0);
    // Health and metrics need no room.
    expect((await fetch(`${service.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${service.url}/metrics`)).status).toBe(200);
    hold.release();
    expect(await service.rest.computeJson([grid()])).toHaveLength(1);
  });

  test('holds a stream back instead of refusing it, and every grid is answered', async () => {
    service = await startTestService({ workers: 1, maxQueuedGrids: 4, maxGridsPerRequest: 4 });
    const answers = await answersOf(service.grpc.stream(grids(40), { window: 40, ordered: true }));
    expect(answers.filter(({ error }) => error)).toEqual([]);
    expect(answers.map(({ id }) => id)).toEqual(grids(40).map(({ id }) => id));
  });

  test('a held stream gives up at its deadline', async () => {
    service = await startTestService({ workers: 1, maxQueuedGrids: 1, maxGridsPerRequest: 1 });
    const hold = service.server.engine.admit({ grids: 1, bytes: 1 });
    const [answer] = await answersOf(service.grpc.stream([grid()], { timeoutMs: 50 }));
    expect(answer!.error).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    hold.release();
  });
});

describe('streams', () => {
  test('many grids a message, unordered and ordered, bad ones among them', async () => {
    service = await startTestService({ maxGridsPerRequest: 8 });
    const bad = { ...grid({ id: 'bad' }), rx: { ...grid().rx, shape: [2, 14, 25] } };
    const messages: readonly (readonly ClientGrid[])[] = [
      [grid({ seed: 1 }), bad, grid({ seed: 2 })],
      [grid({ id: 'same' }), grid({ id: 'same' })],
      [],
      [grid({ seed: 3, nSc: 36 }), grid({ seed: 4, nSc: 48 })],
    ];
    for (const ordered of [false, true]) {
      const answers = await answersOf(service.grpc.stream(messages, { ordered, window: 100 }));
      const outcome = answers.map(({ id, error }) => `${id}:${error?.code ?? 'OK'}`);
      const expected = [
        'g1:OK',
        'bad:INVALID_ARGUMENT',
        'g2:OK',
        'same:OK',
        'same:INVALID_ARGUMENT',
        ':INVALID_ARGUMENT',
        'g3:OK',
        'g4:OK',
      ];
      expect(ordered ? outcome : outcome.toSorted()).toEqual(ordered ? expected : expected.toSorted());
      expect(answers.find(({ id }) => id === 'bad')!.error).toMatchObject({ field: 'grids[1].rx.shape' });
    }
    const unknown = await answersOf(service.grpc.stream([grid()], { model: 'nope' }));
    expect(unknown[0]!.error).toMatchObject({ code: 'NOT_FOUND', field: 'model' });
    expect(service.server.engine.stats.admittedGrids).toBe(0);
  });

  test('a message that is no protobuf is answered, and the stream goes on', async () => {
    service = await startTestService();
    const client = new Client(service.target, credentials.createInsecure());
    const { path, responseDeserialize } = llrServiceDefinition.StreamLlr;
    const raw = client.makeBidiStreamRequest(
      path,
      (bytes: Buffer) => bytes,
      responseDeserialize,
      new Metadata(),
    );
    raw.write(Buffer.from([0xff, 0xff, 0xff]));
    raw.write(Buffer.alloc(0));
    raw.end();
    const errors: unknown[] = [];
    for await (const { results } of raw) errors.push(...results.map(({ error }: { error: object }) => error));
    expect(errors).toMatchObject([{ field: 'message' }, { field: 'grids' }]);
    client.close();
  });

  test('a client that stops reading holds at most a window of grids', async () => {
    service = await startTestService({ workers: 1, maxInFlightPerStream: 8 });
    const call = service.grpc.openStream();
    const total = 250;
    let written = 0;
    let answered = 0;
    // grpc-js clients only hold the server back once they have read something.
    call.once('data', ({ results }: { results: unknown[] }) => {
      answered += results.length;
      call.pause();
    });
    // Answers of about 80 kB: first HTTP/2's windows fill, then the server must take no more grids.
    for (let i = 0; i < total; i++) {
      const message = requestMessage([grid({ id: `s${i}`, nSc: 12 * 60 })], { output: { layout: 'grid' } });
      call.write(message, () => written++);
    }
    let most = 0;
    let still = 0;
    let before = -1;
    await eventually(() => {
      most = Math.max(most, service.server.engine.stats.admittedGrids);
      still = written === before ? still + 1 : 0;
      before = written;
      return still > 100;
    }, 'standstill');
    expect(most).toBe(8);
    expect(service.server.engine.stats).toMatchObject({ admittedGrids: 8, unansweredGrids: 0 });
    expect(written).toBeLessThan(total);
    // Others are served meanwhile, and the reader gets everything once it reads.
    expect(await service.rest.compute([grid()])).toHaveLength(1);
    call.end();
    for await (const { results } of call) answered += results.length;
    expect(answered).toBe(total);
    expect(service.server.engine.stats).toMatchObject({ admittedGrids: 0, admittedBytes: 0 });
  });

  test('a client that reads nothing for too long loses its stream, not the queue its room', async () => {
    service = await startTestService({ workers: 1, maxInFlightPerStream: 8, requestTimeoutMs: 700 });
    const call = service.grpc.openStream();
    const failed = new Promise<ServiceError>((resolve) => {
      call.on('error', resolve);
    });
    call.once('data', () => call.pause());
    for (let i = 0; i < 250; i++)
      call.write(
        requestMessage([grid({ id: `s${i}`, nSc: 12 * 60 })], {
          output: { layout: 'grid' },
          timeoutMs: 60_000,
        }),
      );
    await eventually(() => service.server.engine.stats.admittedGrids === 8, 'window full');
    await eventually(() => service.server.engine.stats.admittedGrids === 0, 'room given back');
    call.resume();
    expect((await failed).code).toBe(status.DEADLINE_EXCEEDED);
  });

  test('cancelling gives everything back', async () => {
    service = await startTestService({ workers: 1 });
    for await (const answer of service.grpc.stream(grids(60), { window: 60 })) {
      expect(answer.error).toBeUndefined();
      break;
    }
    const abort = new AbortController();
    const pending = service.rest.compute(grids(20), { signal: abort.signal });
    setTimeout(() => abort.abort(), 20);
    await expect(pending).rejects.toMatchObject({ code: 'CANCELLED' });
    await eventually(() => service.server.engine.stats.admittedBytes === 0, 'permits back');
    expect(service.server.engine.stats.admittedGrids).toBe(0);
  });
});

describe('deadlines', () => {
  test('expire on every transport', async () => {
    service = await startTestService({ workers: 1 });
    const busy = service.grpc.compute(grids(40));
    const options = { timeoutMs: 1 };
    const late = [service.rest.compute([wide(99)], options), service.rest.computeJson([wide(99)], options)];
    for (const one of late) await expect(one).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await expect(service.grpc.compute([wide(99)], { timeoutMs: 5 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    const [answer] = await answersOf(service.grpc.stream([wide(99)], options));
    expect(answer!.error).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(await busy).toHaveLength(40);
  });
});
