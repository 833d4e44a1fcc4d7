import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { inferenceServiceDefinition } from '#wire/inference/proto.js';
import { grid, jsonGrid } from '../server/helpers/grids.js';
import { startTestService, type TestService } from '../server/helpers/service.js';
import { expectNothingHeld, until } from './helpers/faults.js';
import { type Others, startOthers } from './helpers/others.js';
import { computeMessage, framed, RawGrpc, statusOf } from './helpers/raw-grpc.js';

let service: TestService;
let others: Others;
const sockets: Socket[] = [];
const start = async (settings: Readonly<Record<string, unknown>> = {}) => {
  service = await startTestService({ workers: 1, requestTimeoutMs: 2500, ...settings });
  others = await startOthers(service);
};
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await service.close();
});

/** A connection to REST, and what has come back on it. */
async function rawSocket(port = service.server.httpPort) {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { socket, text: () => Buffer.concat(chunks).toString('latin1') };
}

/** Those of the others, who were served throughout; and nothing is held any more. */
async function complaintsOfOthers(): Promise<readonly string[]> {
  await others.more(6);
  await others.stop();
  await expectNothingHeld(service);
  return others.complaints;
}

/** What comes back to the first part of a request, until the connection is closed. */
async function halfRest(half: string): Promise<string> {
  const { socket, text } = await rawSocket();
  socket.write(half);
  await once(socket, 'close');
  return text();
}

describe('half a message, and then nothing', () => {
  const body = JSON.stringify({ grids: [jsonGrid()] });
  const head = `POST /v1/llr HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;

  test('REST: 408; gRPC call: DEADLINE_EXCEEDED, when the time for a request is over', async () => {
    await start();
    const raw = await RawGrpc.open(service.target);
    const call = raw.call('ComputeLlr');
    const message = framed(computeMessage([grid()]));
    call.write(message.subarray(0, message.length / 2));
    const [headers, content, code] = await Promise.all([
      halfRest(head.slice(0, 60)),
      halfRest(`${head}\r\n${body.slice(0, body.length / 2)}`),
      statusOf(call),
    ]);
    for (const text of [headers, content])
      expect(text).toMatch(/^HTTP\/1\.1 408 .*"code":"DEADLINE_EXCEEDED"/s);
    expect(code).toBe(status.DEADLINE_EXCEEDED);
    // The connection is good for the next call.
    const next = raw.call('ComputeLlr');
    next.end(message);
    expect(await statusOf(next)).toBe(status.OK);
    raw.close();
    expect(await complaintsOfOthers()).toEqual([]);
  });

  test('gRPC stream: it may pause for ever, and holds no room', async () => {
    await start();
    const raw = await RawGrpc.open(service.target);
    const call = raw.call('StreamLlr');
    const message = framed(computeMessage([grid()]));
    call.write(message.subarray(0, message.length / 2));
    await others.more(10);
    expect(service.server.engine.stats.admittedGrids).toBeLessThanOrEqual(3); // the others' own
    call.end(message.subarray(message.length / 2));
    expect(await statusOf(call)).toBe(status.OK);
    raw.close();
    expect(await complaintsOfOthers()).toEqual([]);
  });

  test('HTTP/2 without a request: closed when it has been idle for long enough', async () => {
    await start({ idleConnectionTimeoutMs: 1000, requestTimeoutMs: 30_000 });
    const port = Number(service.target.split(':')[1]);
    const { socket } = await rawSocket(port);
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    // A SETTINGS frame, and the first half of the header of another frame.
    socket.write(
      Buffer.concat([preface, Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), Buffer.from([0, 0, 8, 1])]),
    );
    await once(socket, 'close');
    expect(await complaintsOfOthers()).toEqual([]);
  });
});

/** Answers of 1.5 MB: more than sockets and HTTP/2 windows hold on their own. */
const LARGE = Array.from({ length: 16 }, (_, seed) => grid({ seed, nSc: 12 * 70, id: `l${seed}` }));

test('answers that are not read: REST loses its connection, a gRPC call is reset and its connection goes on', async () => {
  await start({ requestTimeoutMs: 4000 });
  const { socket } = await rawSocket();
  socket.pause();
  const grids = JSON.stringify({ grids: LARGE.map(jsonGrid), output: { layout: 'grid' } });
  const large = `POST /v1/llr HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${grids.length}\r\n\r\n${grids}`;
  // Several, so that answers fill what the kernel buffers.
  for (let i = 0; i < 4; i += 1) socket.write(large);
  const raw = await RawGrpc.open(service.target, { windowBytes: 1024 });
  const call = raw.call('ComputeLlr');
  call.pause();
  call.end(framed(computeMessage(LARGE, { output: { layout: 'grid' } })));
  await once(call, 'close');
  expect(call.rstCode).toBe(constants.NGHTTP2_CANCEL);
  const next = raw.call('ComputeLlr');
  next.end(framed(computeMessage([grid()])));
  expect(await statusOf(next)).toBe(status.OK);
  raw.close();
  // Nothing is held any more, though the REST client is still there and reads nothing.
  expect(await complaintsOfOthers()).toEqual([]);
});

test('a stream whose answers are not read, and a call that is over while its client goes on, are reset', async () => {
  await start({ requestTimeoutMs: 1500 });
  const raw = await RawGrpc.open(service.target, { windowBytes: 1024 });
  const stalled = raw.call('StreamLlr');
  stalled.pause();
  stalled.write(framed(computeMessage(LARGE, { output: { layout: 'grid' } })));
  const late = raw.call('ComputeLlr', { 'grpc-timeout': '1m' });
  expect(await statusOf(late)).toBe(status.DEADLINE_EXCEEDED);
  await once(stalled, 'close');
  const next = raw.call('ComputeLlr');
  next.end(framed(computeMessage([grid()], { output: { datatype: 'i8' } })));
  expect(await statusOf(next)).toBe(status.OK);
  raw.close();
  expect(await complaintsOfOthers()).toEqual([]);
});

test('tensors that are not read hold their room until they are given up', async () => {
  service = await startTestService({ workers: 1, requestTimeoutMs: 4000 });
  const { engine } = service.server;
  const [rows, nSc] = [8, 840];
  const tensor = (name: string, channels: number) => ({
    name,
    datatype: 'FP32',
    shape: [rows, channels, 14, nSc],
  });
  const inputs = [tensor('rx_grid', 4), tensor('dmrs', 2)];
  const data = inputs.map(
    ({ shape }) => new Uint8Array(new Float32Array(shape.reduce((a, b) => a * b)).fill(1).buffer),
  );
  const raw = await RawGrpc.open(service.target, { windowBytes: 1024 });
  const call = raw.call('ModelInfer');
  call.pause();
  const message = { modelName: 'random', inputs, rawInputContents: data };
  call.end(framed(inferenceServiceDefinition.ModelInfer.requestSerialize(message)));
  await until(() => engine.stats.admittedGrids > 0, 'not come in');
  await until(() => engine.stats.unansweredGrids === 0, 'not computed');
  expect(engine.stats.admittedGrids).toBeGreaterThanOrEqual(rows);
  await once(call, 'close');
  await until(() => engine.stats.admittedGrids === 0, 'room is held');
  raw.close();
});

test('a client that goes away with several requests on one connection gives back the room of all', async () => {
  await start({ requestTimeoutMs: 30_000 });
  const { socket } = await rawSocket();
  const body = JSON.stringify({ grids: LARGE.map(jsonGrid) });
  const request = `POST /v1/llr HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  socket.write(request.repeat(3));
  await until(() => service.server.engine.stats.admittedGrids >= 3 * LARGE.length, 'not all came in');
  socket.destroy();
  expect(await complaintsOfOthers()).toEqual([]);
});

test('clients that go away in mid-answer leave nothing behind', async () => {
  await start({ requestTimeoutMs: 30_000 });
  for (let i = 0; i < 6; i += 1) {
    const { socket } = await rawSocket();
    const grids = JSON.stringify({ grids: LARGE.map(jsonGrid) });
    socket.write(
      `POST /v1/llr HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${grids.length}\r\n\r\n${grids}`,
    );
    const raw = await RawGrpc.open(service.target);
    const call = raw.call('ComputeLlr');
    call.end(framed(computeMessage(LARGE)));
    // One in two goes while its answer is on its way, the other while it waits.
    if (i % 2 === 0) await Promise.race([once(socket, 'data'), once(call, 'data')]);
    socket.destroy();
    raw.close();
  }
  expect(await complaintsOfOthers()).toEqual([]);
});
