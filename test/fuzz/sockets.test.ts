import { once } from 'node:events';
import { connect } from 'node:net';
import { status } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { computeMessage, framed, RawGrpc, statusOf } from '../faults/helpers/raw-grpc.js';
import { base64, grid, jsonGrid } from '../server/helpers/grids.js';
import { startTestService, type TestService } from '../server/helpers/service.js';
import { hostile } from './helpers/bytes.js';
import { runs } from './helpers/runs.js';

let service: TestService;
let reference: string;
const answer = async (): Promise<string> => base64((await service.grpc.compute([grid()]))[0]!.llr.data);
beforeAll(async () => {
  service = await startTestService({ maxPrb: 10, maxBatchResourceElements: 1680, maxGridsPerRequest: 4 });
  reference = await answer();
});
afterAll(async () => service.close());
afterEach(expectUnharmed);

/** It still answers with the very same LLRs, and holds nothing. */
async function expectUnharmed(): Promise<void> {
  expect(await answer()).toBe(reference);
  expect(base64((await service.rest.computeJson([grid()]))[0]!.llr.data)).toBe(reference);
  await expect
    .poll(() => service.server.engine.stats)
    .toMatchObject({ admittedGrids: 0, admittedBytes: 0, unansweredGrids: 0 });
}

/** Writes the bytes and says what came back, once nothing more comes. */
async function talk(port: number, bytes: Uint8Array): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('error', () => undefined).on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'connect');
  socket.end(bytes);
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    setTimeout(() => socket.destroy(), 300).unref();
  });
  return Buffer.concat(chunks);
}

describe('any bytes on a port', () => {
  const body = JSON.stringify({ grids: [jsonGrid()] });
  const http = `POST /v1/llr HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;

  test('REST: nothing, or answers of HTTP, errors in the one form', async () => {
    await fc.assert(
      fc.asyncProperty(hostile(new Uint8Array(Buffer.from(http))), async (bytes) => {
        const text = (await talk(service.server.httpPort, bytes)).toString('latin1');
        expect(text).toMatch(/^$|^HTTP\/1\.1 (?:100|200|4\d\d) /);
        for (const [, found] of text.matchAll(/HTTP\/1\.1 4\d\d [^]*?\r\n\r\n(\{.*?\}\})/g))
          expect(JSON.parse(found!)).toMatchObject({ error: { code: expect.any(String) } });
      }),
      runs(150),
    );
  });

  test('gRPC: nothing, or frames of HTTP/2', async () => {
    const preface = Buffer.concat([
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      Buffer.from([
        0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 5, 0, 0, 0, 1, 0x82, 0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0,
      ]),
    ]);
    await fc.assert(
      fc.asyncProperty(hostile(new Uint8Array(preface)), async (bytes) => {
        const back = await talk(Number(service.target.split(':')[1]), bytes);
        expect(back.length === 0 || back[3]! <= 9).toBe(true);
      }),
      runs(100),
    );
  });
});

describe('any message', () => {
  const good = new Uint8Array(computeMessage([grid({ id: 'a' }), grid({ id: 'b', seed: 2 })], {}));
  const known = [status.OK, status.INVALID_ARGUMENT, status.NOT_FOUND, status.RESOURCE_EXHAUSTED];

  test('of a gRPC call: an answer, or the mistake of whoever sent it', async () => {
    const raw = await RawGrpc.open(service.target);
    await fc.assert(
      fc.asyncProperty(hostile(good), async (bytes) => {
        const call = raw.call('ComputeLlr');
        call.end(framed(bytes));
        expect(known).toContain(await statusOf(call));
      }),
      runs(150),
    );
    raw.close();
  });

  test('on a gRPC stream: it goes on, and a good grid behind it is answered', async () => {
    const raw = await RawGrpc.open(service.target);
    await fc.assert(
      fc.asyncProperty(hostile(good), async (bytes) => {
        const call = raw.call('StreamLlr');
        const back: Buffer[] = [];
        call.on('data', (chunk: Buffer) => back.push(chunk));
        call.write(framed(bytes));
        call.end(framed(computeMessage([grid({ id: 'behind-it' })], {})));
        // Too many grids are the one thing in a message that ends its stream.
        const code = await statusOf(call);
        const went = code !== status.OK || Buffer.concat(back).includes('behind-it');
        expect({ code, went }).toMatchObject({ went: true });
      }),
      runs(100),
    );
    raw.close();
  });

  test('framed in any way', async () => {
    const raw = await RawGrpc.open(service.target);
    await fc.assert(
      fc.asyncProperty(hostile(new Uint8Array(framed(good))), async (bytes) => {
        const call = raw.call('ComputeLlr');
        call.end(Buffer.from(bytes));
        // Compressed or not in a way that was not announced, or cut short: grpc-js itself refuses those.
        const theirs = [status.UNIMPLEMENTED, status.INTERNAL, status.CANCELLED, 'reset'];
        expect([...known, ...theirs]).toContain(await statusOf(call));
      }),
      runs(100),
    );
    raw.close();
  });

  test('of the Open Inference Protocol over REST', async () => {
    const inputs = [
      { name: 'rx_grid', datatype: 'FP32', shape: [1, 4, 1, 12], data: Array.from({ length: 48 }, () => 1) },
      { name: 'dmrs', datatype: 'FP32', shape: [1, 2, 1, 12], data: Array.from({ length: 24 }, () => 1) },
    ];
    const body = new Uint8Array(Buffer.from(JSON.stringify({ inputs })));
    await fc.assert(
      fc.asyncProperty(hostile(body), fc.option(fc.nat({ max: 900 })), async (bytes, json) => {
        const response = await fetch(`${service.url}/v2/models/random/infer`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(json !== null && { 'inference-header-content-length': String(json) }),
          },
          body: Buffer.from(bytes),
        });
        const text = await response.text();
        const told: unknown = response.ok ? { error: 'none' } : JSON.parse(text);
        expect(told).toMatchObject({ error: expect.anything() });
        expect(response.status).toBeLessThan(500);
      }),
      runs(150),
    );
  });
});
