import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { requestMessage } from '#client/wire.js';
import { Inboxes } from '#server/grpc/inboxes.js';
import { computeMessage, framed, RawGrpc, statusOf } from '../faults/helpers/raw-grpc.js';
import { grid } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

describe('Inboxes', () => {
  test('count what has come and is not taken, however it is cut', () => {
    const sizes = fc.array(fc.nat(300), { minLength: 1, maxLength: 12 });
    const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(sizes, cuts, fc.boolean(), (lengths, steps, keeps) => {
        const inboxes = new Inboxes(1e9);
        const inbox = inboxes.open(() => undefined);
        if (keeps) inbox.keepUntilTaken();
        const bytes = Buffer.concat(lengths.map((length) => framed(new Uint8Array(length))));
        const ends = lengths.map((_, i) =>
          lengths.slice(0, i + 1).reduce((sum, length) => sum + length + 5, 0),
        );
        let taken = 0;
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const next = at + steps[i % steps.length]!;
          inbox.receive(bytes.subarray(at, next));
          at = Math.min(next, bytes.length);
          const whole = ends.filter((end) => end <= at);
          if (keeps && i % 3 === 0 && whole.length > taken) {
            inbox.taken();
            taken++;
          }
          const gone = keeps ? (ends[taken - 1] ?? 0) : (whole.at(-1) ?? 0);
          expect(inboxes.bytes).toBe(at - gone);
        }
        inbox.close();
        expect(inboxes.bytes).toBe(0);
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  test('give up those that hold their bytes for the longest, and no more than must be', () => {
    const inboxes = new Inboxes(100);
    const givenUp: string[] = [];
    const open = (name: string) => inboxes.open(() => givenUp.push(name));
    const [a, b, c] = [open('a'), open('b'), open('c')];
    const part = framed(new Uint8Array(1000));
    b.receive(part.subarray(0, 40));
    a.receive(framed(new Uint8Array(20))); // whole, and so of no weight
    a.receive(part.subarray(0, 40));
    c.receive(part.subarray(0, 20));
    expect(givenUp).toEqual([]);
    c.receive(part.subarray(20, 22));
    expect(givenUp).toEqual(['b']);
    expect(inboxes.bytes).toBe(62);
    b.receive(part.subarray(40));
    expect(inboxes.bytes).toBe(62);
    c.receive(part.subarray(22, 300));
    expect(givenUp).toEqual(['b', 'a', 'c']);
    expect(inboxes.bytes).toBe(0);
  });
});

describe('many half messages', () => {
  let service: TestService;
  const clients: RawGrpc[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await service.close();
  });

  const HALF_BYTES = 60_000;
  const ROOM = 500_000;

  async function inboxBytes(): Promise<number> {
    const text = await (await fetch(`${service.url}/metrics`)).text();
    return Number(/^spikingrx_grpc_inbox_bytes (\d+)$/m.exec(text)?.[1]);
  }

  test.each(['ComputeLlr', 'StreamLlr'] as const)(
    '%s: take a bounded room, the oldest are given up, and others are served',
    async (method) => {
      const small = { maxPrb: 20, maxRx: 2, maxBatchResourceElements: 3360, maxQueuedBytes: ROOM };
      service = await startTestService({ workers: 1, ...small });
      const half = framed(new Uint8Array(2 * HALF_BYTES)).subarray(0, HALF_BYTES);
      const ends: (number | string)[] = [];
      for (let i = 0; i < 5; i++) {
        const client = await RawGrpc.open(service.target);
        clients.push(client);
        for (let j = 0; j < 6; j++) {
          const stream = client.call(method);
          void statusOf(stream).then((status) => ends.push(status));
          stream.write(half);
        }
        expect(await service.grpc.compute([grid()])).toHaveLength(1);
        expect(await inboxBytes()).toBeLessThanOrEqual(ROOM);
      }
      // What has room at a time stays; RESOURCE_EXHAUSTED for those before.
      const staying = Math.floor(ROOM / HALF_BYTES);
      await expect.poll(() => ends.length, { timeout: 10_000 }).toBe(30 - staying);
      expect(new Set(ends)).toEqual(new Set([8]));
      expect(await inboxBytes()).toBe(staying * HALF_BYTES);
      for (const client of clients.splice(0)) client.close();
      await expect.poll(inboxBytes, { timeout: 10_000 }).toBe(0);
    },
  );

  test('count for what they have become when they are unpacked', async () => {
    const size = 110_000;
    const small = { maxPrb: 20, maxRx: 2, maxBatchResourceElements: 3360, maxQueuedBytes: ROOM };
    service = await startTestService({ workers: 1, ...small });
    const packed = framed(gzipSync(Buffer.alloc(size)), true);
    const ends: (number | string)[] = [];
    const client = await RawGrpc.open(service.target);
    clients.push(client);
    for (let i = 0; i < 10; i++) {
      const stream = client.call('ComputeLlr', { 'grpc-encoding': 'gzip' });
      void statusOf(stream).then((status) => ends.push(status));
      stream.write(packed);
    }
    const staying = Math.floor(ROOM / (size + packed.byteLength));
    await expect.poll(() => ends.length, { timeout: 10_000 }).toBe(10 - staying);
    expect(new Set(ends)).toEqual(new Set([8]));
    expect(await inboxBytes()).toBe(staying * (size + packed.byteLength));
    client.close();
    await expect.poll(inboxBytes, { timeout: 10_000 }).toBe(0);
  });

  test('of a call that is refused, count no longer, however much its client goes on to send', async () => {
    service = await startTestService({ workers: 1 });
    const client = await RawGrpc.open(service.target);
    clients.push(client);
    const stream = client.call('ComputeLlr', { 'grpc-timeout': '1m' });
    const code = statusOf(stream);
    await expect.poll(() => stream.readableEnded, { timeout: 10_000 }).toBe(true);
    const sent = new Promise((resolve) => {
      stream.write(framed(new Uint8Array(2 * HALF_BYTES)).subarray(0, HALF_BYTES), resolve);
    });
    await sent;
    expect(await inboxBytes()).toBe(0);
    stream.close();
    expect(await code).toBe(4);
  });

  test('of a stream, whole ones count too while they wait', async () => {
    service = await startTestService({ workers: 1, maxQueuedGrids: 1, maxGridsPerRequest: 1 });
    const hold = service.server.engine.admit({ grids: 1, bytes: 1 });
    const client = await RawGrpc.open(service.target);
    clients.push(client);
    const stream = client.call('StreamLlr');
    const message = framed(computeMessage([grid()]));
    for (let i = 0; i < 3; i++) stream.write(message);
    await expect.poll(inboxBytes, { timeout: 10_000 }).toBe(3 * message.byteLength);
    hold.release();
    // Room is looked for when a request ends.
    await service.rest.compute([grid()]).catch(() => undefined);
    await expect.poll(inboxBytes, { timeout: 10_000 }).toBe(0);
  });

  test('of a stream, time counts from when they came, not from when their turn did', async () => {
    service = await startTestService({ workers: 1, maxQueuedGrids: 1, maxGridsPerRequest: 1 });
    const hold = service.server.engine.admit({ grids: 1, bytes: 1 });
    const call = service.grpc.openStream();
    call.write(requestMessage([grid({ id: 'first' })], {}));
    call.write(requestMessage([grid({ id: 'second' })], { timeoutMs: 500 }));
    call.end();
    await expect.poll(inboxBytes, { timeout: 10_000 }).toBeGreaterThan(15_000);
    await new Promise((resolve) => setTimeout(resolve, 600));
    hold.release();
    await service.rest.compute([grid()]).catch(() => undefined);
    const outcomes: string[] = [];
    for await (const { results } of call)
      for (const { id, error } of results) outcomes.push(`${id}: ${error?.code ?? 'OK'}`);
    expect(outcomes.toSorted()).toEqual(['first: OK', 'second: DEADLINE_EXCEEDED']);
  });
});
