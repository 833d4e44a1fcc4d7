import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig, maxRequestBytes } from '#server/config.js';
import { grid } from '../server/helpers/grids.js';
import { startTestService, type TestService } from '../server/helpers/service.js';
import { expectNothingHeld } from './helpers/faults.js';
import { type Others, startOthers } from './helpers/others.js';
import { computeMessage, framed, RawGrpc, statusOf } from './helpers/raw-grpc.js';

const MEBIBYTE = 2 ** 20;
/** Limits that make small messages large. */
const SMALL = { maxPrb: 20, maxRx: 4, maxBatchResourceElements: 3360 };
let service: TestService;
let others: Others;
let rssBefore: number;
beforeAll(async () => {
  service = await startTestService({ workers: 1, ...SMALL });
});
afterAll(async () => service.close());
beforeEach(async () => {
  others = await startOthers(service);
  rssBefore = process.memoryUsage().rss;
});

afterEach(expectNoHarm);

/** The others were served throughout, and nothing is held any more. */
async function expectNoHarm(): Promise<void> {
  await others.more(10);
  await others.stop();
  expect(others.complaints).toEqual([]);
  await expectNothingHeld(service);
  // The flood itself is made in this process: it is counted too.
  expect(process.memoryUsage().rss - rssBefore).toBeLessThan(300 * MEBIBYTE);
}

/** A frame of HTTP/2 (RFC 9113 §4.1). */
function frame(type: number, options: { flags?: number; stream?: number; payload?: Buffer } = {}): Buffer {
  const { flags = 0, stream = 0, payload = Buffer.alloc(0) } = options;
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.byteLength, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

const PREFACE = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4)]);
const [HEADERS, SETTINGS, PING, CONTINUATION] = [1, 4, 6, 9] as const;

/** Writes frames after the preface for as long as the service takes them, and reads nothing. */
async function flood(frames: Buffer, times: number): Promise<void> {
  const socket = connect(Number(service.target.split(':')[1]), '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(PREFACE);
  for (let i = 0; i < times && !socket.destroyed; i += 1)
    if (!socket.write(frames))
      await Promise.race([once(socket, 'drain'), once(socket, 'close'), others.more(30)]).catch(
        () => undefined,
      );
  socket.destroy();
}

describe('floods', () => {
  test('headers of REST: 431, and the connection is closed', async () => {
    const response = await fetch(`${service.url}/v1/models`, {
      headers: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, 'v'.repeat(100)])),
    });
    expect(response.status).toBe(431);
    expect(await response.json()).toMatchObject({ error: { code: 'INVALID_ARGUMENT', field: 'headers' } });
  });

  test('headers of gRPC: the call is refused', async () => {
    const raw = await RawGrpc.open(service.target);
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`x-${i}`, 'v'.repeat(100)]));
    const call = raw.call('ComputeLlr', many);
    call.end(framed(computeMessage([grid()])));
    expect(await statusOf(call)).not.toBe(status.OK);
    raw.close();
  });

  test('headers without an end (CONTINUATION frames)', async () => {
    const headers = frame(HEADERS, { stream: 1, payload: Buffer.from([0x82]) });
    // A literal header field without indexing, of name "a" and a value of 1000 bytes.
    const field = Buffer.concat([
      Buffer.from([0x00, 0x01, 0x61, 0x7f, 0xe9, 0x06]),
      Buffer.alloc(1000, 0x62),
    ]);
    const more = frame(CONTINUATION, {
      stream: 1,
      payload: Buffer.concat(Array.from({ length: 15 }, () => field)),
    });
    await flood(Buffer.concat([headers, ...Array.from({ length: 50 }, () => more)]), 20);
    expect(await service.rest.ready()).toBe(true);
  });

  test('calls that are reset at once (rapid reset)', async () => {
    const raw = await RawGrpc.open(service.target);
    const message = framed(computeMessage([grid()]));
    for (let i = 0; i < 5000 && !raw.session.destroyed; i += 1) {
      const call = raw.call('ComputeLlr');
      call.end(message);
      call.close(constants.NGHTTP2_CANCEL);
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    raw.close();
    expect(await service.rest.ready()).toBe(true);
  });

  test.each([
    ['PING', frame(PING, { payload: Buffer.alloc(8) })],
    ['SETTINGS', frame(SETTINGS, { payload: Buffer.from([0, 3, 0, 0, 0, 100]) })],
  ])('%s frames, whose answers are not read', async (_name, one) => {
    await flood(Buffer.concat(Array.from({ length: 5000 }, () => one)), 40);
    expect(await service.rest.ready()).toBe(true);
  });
});

/** How a call of one gzip message ends. */
async function compressed(message: Buffer): Promise<number | string> {
  const raw = await RawGrpc.open(service.target);
  const call = raw.call('ComputeLlr', { 'grpc-encoding': 'gzip' });
  call.end(framed(message, true));
  const code = await statusOf(call);
  raw.close();
  return code;
}

describe('compressed messages of gRPC', () => {
  const limit = 2 * maxRequestBytes(loadConfig({ flags: SMALL }));

  test('are served', async () => {
    expect(await compressed(gzipSync(computeMessage([grid()])))).toBe(status.OK);
  });

  test('that unfold beyond the limit are refused', async () => {
    expect(await compressed(gzipSync(Buffer.alloc(40 * limit)))).toBe(status.RESOURCE_EXHAUSTED);
  });

  test.each([
    ['cut short', gzipSync(computeMessage([grid()])).subarray(0, 60)],
    ['no gzip', Buffer.alloc(60, 7)],
  ])('that are damaged (%s) are refused', async (_name, message) => {
    expect(await compressed(message)).toBe(status.INTERNAL);
  });

  test('that unfold to just below the limit, on many calls at once, are refused, and their memory comes back', async () => {
    const bomb = framed(gzipSync(Buffer.alloc(limit - 1000)), true);
    const raw = await RawGrpc.open(service.target);
    const calls = Array.from({ length: 64 }, () => {
      const call = raw.call('ComputeLlr', { 'grpc-encoding': 'gzip' });
      call.end(bomb);
      return statusOf(call);
    });
    const codes = await Promise.all(calls);
    expect(new Set(codes)).toEqual(new Set([status.RESOURCE_EXHAUSTED]));
    raw.close();
  });
});
