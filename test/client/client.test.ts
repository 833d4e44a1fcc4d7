import { createServer } from 'node:http';
import { once } from 'node:events';
import { loadSync } from '@grpc/proto-loader';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GrpcLlrClient, interleave, llrValues, RestLlrClient, type ClientGrid } from '#client/index.js';
import type { ComputeLlrRequestMessage } from '#wire/messages.js';
import { llrServiceDefinition, PROTO_DIR, PROTO_FILE } from '#wire/proto.js';
import { grid } from '../server/helpers/grids.js';
import { startTestService, type TestService } from '../server/helpers/service.js';

function outcome(bytes: Uint8Array): string {
  try {
    llrServiceDefinition.ComputeLlr.requestDeserialize(Buffer.from(bytes));
    return 'message';
  } catch (error) {
    return error instanceof Error ? error.constructor.name : typeof error;
  }
}

/** The bytes at an odd offset. */
function at(bytes: Uint8Array): Uint8Array {
  return new Uint8Array([9, ...bytes]).subarray(1);
}

function* brokenSource(): Generator<ClientGrid> {
  yield grid();
  throw new Error('sensor gone');
}

async function* pausedSource(): AsyncGenerator<ClientGrid> {
  yield grid();
  await new Promise(() => undefined);
}

describe('the fast codec and proto-loader agree', () => {
  const loaded = loadSync(PROTO_FILE, { includeDirs: [PROTO_DIR], arrays: true });
  const reference = loaded['spikingrx.v1.LlrService'] as unknown as typeof llrServiceDefinition;

  test('on the methods', () => {
    for (const [name, method] of Object.entries(llrServiceDefinition)) {
      const { path, requestStream, responseStream } = reference[name as keyof typeof reference];
      expect({ path, requestStream, responseStream }).toEqual({
        path: method.path,
        requestStream: method.requestStream,
        responseStream: method.responseStream,
      });
    }
  });

  const iq = fc.record({
    datatype: fc.integer({ min: 0, max: 3 }),
    shape: fc.array(fc.nat({ max: 4000 }), { maxLength: 3 }),
    data: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    scale: fc.option(fc.constantFrom(0.5, 2, 0), { nil: undefined }),
  });
  const message: fc.Arbitrary<ComputeLlrRequestMessage> = fc.record({
    model: fc.string(),
    version: fc.string(),
    timeoutMs: fc.option(fc.nat(), { nil: undefined }),
    grids: fc.array(
      fc.oneof(
        fc.record({ id: fc.string(), rx: iq, dmrsTensor: fc.record({ tensor: iq }) }),
        fc.record({
          id: fc.string(),
          rx: iq,
          dmrsConfig: fc.record({
            symbolPositions: fc.array(fc.nat({ max: 13 })),
            nId: fc.nat({ max: 65535 }),
          }),
        }),
      ),
      { maxLength: 3 },
    ),
  });

  test('on the bytes, both ways', () => {
    const fast = llrServiceDefinition.ComputeLlr;
    fc.assert(
      fc.property(message, (value) => {
        const bytes = fast.requestSerialize(value);
        // proto-loader drops keys that are undefined, as the fast codec does.
        const plain = reference.ComputeLlr.requestDeserialize(bytes);
        const again = reference.ComputeLlr.requestSerialize(plain);
        expect(reference.ComputeLlr.requestDeserialize(again)).toEqual(plain);
        const decoded = fast.requestDeserialize(again);
        expect(fast.requestSerialize(decoded)).toEqual(bytes);
      }),
    );
  });

  test('and random bytes never do more than throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(outcome(bytes)).toMatch(/^(message|Error|RangeError)$/);
      }),
    );
  });
});

test('interleave says what it wants', () => {
  expect(interleave(Float32Array.of(1, 2, 10, 20), 2)).toEqual(Float32Array.of(1, 10, 2, 20));
  expect(() => interleave(new Float32Array(5), 2)).toThrow(/multiple of 2·2 values, received 5/);
});

test('llrValues reads every datatype at any alignment', () => {
  const f32 = new Uint8Array(Float32Array.of(1.5, -2).buffer);
  expect(llrValues({ datatype: 'f32', shape: [2], data: at(f32) })).toEqual(Float32Array.of(1.5, -2));
  const f16 = new Uint8Array(Uint16Array.of(0x3e00, 0xc000, 0x0001, 0x7c00).buffer);
  expect(llrValues({ datatype: 'f16', shape: [4], data: at(f16) })).toEqual(
    Float32Array.of(1.5, -2, 2 ** -24, Infinity),
  );
  expect(llrValues({ datatype: 'i8', shape: [2], data: Uint8Array.of(127, 129) })).toEqual(
    Float32Array.of(127, -127),
  );
});

describe('streams', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(async () => service.close());

  test('never more than a window unanswered, single grids and arrays mixed', async () => {
    let sent = 0;
    let answered = 0;
    let most = 0;
    function* source(): Generator<ClientGrid | ClientGrid[]> {
      for (let i = 0; i < 30; i++) {
        const count = (i % 3) + 1;
        const grids = Array.from({ length: count }, () => grid({ id: `s${sent++}` }));
        yield count === 1 ? grids[0]! : grids;
        most = Math.max(most, sent - answered);
      }
    }
    for await (const answer of service.grpc.stream(source(), { window: 8 })) {
      expect(answer.error).toBeUndefined();
      answered++;
    }
    expect(answered).toBe(60);
    // One message may be waiting to be sent.
    expect(most).toBeLessThanOrEqual(8 + 3);
  });

  test('an error of the source ends the loop with that error', async () => {
    const answers = service.grpc.stream(brokenSource());
    const consume = async (): Promise<void> => {
      for await (const answer of answers) expect(answer.id).toBe('g1');
    };
    await expect(consume()).rejects.toThrow('sensor gone');
  });

  test('an aborted signal ends the loop with CANCELLED', async () => {
    const abort = new AbortController();
    async function* source(): AsyncGenerator<ClientGrid> {
      for (let i = 0; ; i++) {
        yield grid({ id: `s${i}` });
        if (i === 5) abort.abort();
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const consume = async (): Promise<void> => {
      for await (const answer of service.grpc.stream(source(), { signal: abort.signal })) void answer;
    };
    await expect(consume()).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('ends with its error while the source has nothing to send', async () => {
    const abort = new AbortController();
    const consume = async (): Promise<void> => {
      for await (const answer of service.grpc.stream(pausedSource(), { signal: abort.signal })) {
        expect(answer.error).toBeUndefined();
        abort.abort();
      }
    };
    await expect(consume()).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('leaving the loop early leaves nothing behind', async () => {
    for await (const answer of service.grpc.stream([grid({ id: 'a' }), grid({ id: 'b' })])) {
      expect(answer.error).toBeUndefined();
      break;
    }
    expect(await service.grpc.compute([grid()])).toHaveLength(1);
  });
});

describe('a server that is not there, or is another', () => {
  test('nobody listens', async () => {
    const rest = new RestLlrClient({ baseUrl: 'http://127.0.0.1:1' });
    await expect(rest.models()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await rest.ready()).toBe(false);
    const grpc = new GrpcLlrClient({ target: '127.0.0.1:1' });
    await expect(grpc.connect(300)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/no connection to \S+:\d+ in 300 ms/),
    });
    grpc.close();
  });

  test('errors without the service form', async () => {
    const server = createServer((_request, response) => response.writeHead(502).end('<html>')).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const rest = new RestLlrClient({ baseUrl: `http://127.0.0.1:${port}/` });
    await expect(rest.models()).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('502'),
    });
    server.close();
  });
});
