import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { bulkCodecs, encodeTimed, type MessageCodec } from '#wire/bulk/codec.js';
import { PROTO_DIR, PROTO_FILE, SERVICE_NAME } from '#wire/proto.js';
import { messages, mutated, stripped, wireMessages } from './arbitraries.js';
import { emptyMessage, referenceDecode, type Decoded } from './reference-decoder.js';

const root = new protobuf.Root().loadSync(`${PROTO_DIR}${PROTO_FILE}`).resolveAll();
const loaded = loadSync(PROTO_FILE, { includeDirs: [PROTO_DIR], defaults: true });
const service = loaded[SERVICE_NAME] as ServiceDefinition;
const { ComputeLlr, StreamLlr } = service as { ComputeLlr: Method; StreamLlr: Method };
type Method = ServiceDefinition[string];

interface Case {
  readonly type: protobuf.Type;
  readonly codec: MessageCodec<object>;
  /** proto-loader's. */
  readonly loader: MessageCodec<object>;
}

const CASES: readonly [string, Case][] = [
  ['ComputeLlrRequest', ComputeLlr.requestSerialize, ComputeLlr.requestDeserialize] as const,
  ['StreamLlrRequest', StreamLlr.requestSerialize, StreamLlr.requestDeserialize] as const,
  ['ComputeLlrResponse', ComputeLlr.responseSerialize, ComputeLlr.responseDeserialize] as const,
  ['StreamLlrResponse', StreamLlr.responseSerialize, StreamLlr.responseDeserialize] as const,
].map(([name, encode, decode]) => [
  name,
  {
    type: root.lookupType(`spikingrx.v1.${name}`),
    codec: bulkCodecs[name] as unknown as MessageCodec<object>,
    loader: { encode, decode: (bytes) => decode(Buffer.from(bytes)) },
  },
]);

/** What `decode` makes of the bytes, with all defaults; undefined where it refuses them. */
function outcome(type: protobuf.Type, decode: () => object): Decoded | undefined {
  let message: object;
  try {
    message = decode();
  } catch {
    return undefined;
  }
  return complete(type, message);
}

/** Every field of the definition, bytes as Buffers; what is not in the definition must not be there. */
function complete(type: protobuf.Type, message: object): Decoded {
  const given = message as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(emptyMessage(type)).map(([name, byDefault]) => {
      const { resolvedType, repeated, type: fieldType } = type.fields[name]!.resolve();
      // protobufjs's default of bytes is an empty list.
      const isNone = fieldType === 'bytes' && Array.isArray(given[name]);
      const value = isNone ? byDefault : (given[name] ?? byDefault);
      if (!(resolvedType instanceof protobuf.Type) || value === null) return [name, normal(value)];
      const one = (inner: unknown) => complete(resolvedType, inner as object);
      return [name, repeated ? (value as unknown[]).map(one) : one(value)];
    }),
  );
}

function normal(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  // Whatever the payload of a NaN.
  return typeof value === 'number' && Number.isNaN(value) ? 'NaN' : value;
}

describe.each(CASES)('%s', (_name, { type, codec, loader }) => {
  test('is encoded to the very bytes of protobufjs and proto-loader', () => {
    fc.assert(
      fc.property(messages(type), (message) => {
        const plain = stripped(type, message);
        const expected = Buffer.from(type.encode(plain).finish());
        expect(codec.encode(message).equals(expected)).toBe(true);
        expect(loader.encode(plain).equals(expected)).toBe(true);
        expect(codec.encode(message).byteLength).toBe(expected.byteLength);
      }),
      { numRuns: 300 },
    );
  });

  test('is decoded as protobufjs and proto-loader do, at any offset of a buffer', () => {
    fc.assert(
      fc.property(messages(type), fc.nat({ max: 9 }), (message, offset) => {
        const bytes = Buffer.from(type.encode(message).finish());
        const within = Buffer.concat([Buffer.alloc(offset, 255), bytes, Buffer.of(255)]);
        const view = within.subarray(offset, offset + bytes.length);
        const expected = outcome(type, () => type.decode(bytes));
        expect(outcome(type, () => codec.decode(view))).toEqual(expected);
        expect(outcome(type, () => loader.decode(bytes))).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test("valid but strange bytes: proto3's rules, and the same after encoding again", () => {
    fc.assert(
      fc.property(wireMessages(type), (bytes) => {
        const { message } = referenceDecode(type, bytes);
        const decoded = codec.decode(bytes);
        const expected = complete(type, message!);
        expect(complete(type, decoded)).toEqual(expected);
        const again = codec.encode(decoded);
        expect(complete(type, codec.decode(again))).toEqual(expected);
        expect(complete(type, type.decode(again))).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  test('damaged bytes: both take them and see the same, or both refuse them', () => {
    let refused = 0;
    let accepted = 0;
    let compared = 0;
    const damaged = fc.oneof(mutated(wireMessages(type)), fc.uint8Array({ maxLength: 30 }));
    fc.assert(
      fc.property(damaged, (bytes) => {
        const { message, unruly } = referenceDecode(type, bytes);
        if (message === undefined) refused++;
        else accepted++;
        const ours = outcome(type, () => codec.decode(bytes));
        expect(ours).toEqual(message && complete(type, message));
        // Where protobufjs follows proto3's rules, and with the reader that refuses texts beyond the end.
        if (unruly) return;
        compared++;
        const theirs = outcome(type, () => type.decode(new protobuf.Reader(new Uint8Array(bytes))));
        expect(theirs === undefined).toBe(ours === undefined);
        if (ours === undefined) return;
        expect(outcome(type, () => type.decode(Buffer.from(bytes)))).toEqual(ours);
        expect(outcome(type, () => loader.decode(bytes))).toEqual(ours);
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(100);
    expect(accepted).toBeGreaterThan(100);
    expect(compared).toBeGreaterThan(500);
  });
});

/** Groups in groups, of field 9. */
function nested(depth: number): Buffer {
  return Buffer.concat([Buffer.alloc(depth, (9 << 3) | 3), Buffer.alloc(depth, (9 << 3) | 4)]);
}

describe('decoded requests', () => {
  const { StreamLlrRequest } = bulkCodecs;
  const encode = (grid: object) => StreamLlrRequest.encode({ grids: [grid] });
  /** A request of one grid, whose fields are those of all `grids`, one after the other. */
  const joined = (...grids: readonly object[]) => {
    const bodies = grids.map((grid) => encode(grid).subarray(2));
    const body = Buffer.concat(bodies);
    return StreamLlrRequest.decode(Buffer.concat([Buffer.of(0x1a, body.length), body])).grids![0]!;
  };

  test('hold views of samples, not copies', () => {
    const bytes = encode({ rx: { data: Uint8Array.of(1, 2, 3) } });
    const { data } = StreamLlrRequest.decode(bytes).grids![0]!.rx!;
    bytes[bytes.indexOf(2)] = 7;
    expect([...data!]).toEqual([1, 7, 3]);
    expect(data!.buffer).toBe(bytes.buffer);
  });

  test('a submessage that comes twice is merged', () => {
    const first = { id: 'a', rx: { datatype: 1, shape: [1, 2], data: Uint8Array.of(1) } };
    const merged = joined(first, { rx: { shape: [3], scale: 2 } });
    expect(merged).toMatchObject({ id: 'a', rx: { datatype: 1, shape: [1, 2, 3], scale: 2 } });
    expect([...merged.rx!.data!]).toEqual([1]);
  });

  test('of a oneof the last member counts, and one that was replaced is forgotten', () => {
    const tensor = { dmrsTensor: { cdmGroupsWithoutData: 2 } };
    const config = { dmrsConfig: { nId: 3 } };
    expect(joined(tensor, config)).toMatchObject({ dmrsTensor: null, dmrsConfig: { nId: 3 } });
    expect(joined(config, tensor)).toMatchObject({
      dmrsConfig: null,
      dmrsTensor: { cdmGroupsWithoutData: 2 },
    });
    const again = joined(tensor, config, { dmrsTensor: {} });
    expect(again).toMatchObject({ dmrsConfig: null, dmrsTensor: { cdmGroupsWithoutData: null } });
  });

  test('numbers in lists are bounded, over all lists of a message', () => {
    const shape = Array.from({ length: 2 ** 17 }, () => 1);
    const twice = { rx: { shape }, dmrsTensor: { tensor: { shape } } };
    expect(StreamLlrRequest.decode(encode(twice)).grids![0]!.rx!.shape).toHaveLength(2 ** 17);
    const more = { ...twice, rx: { shape: [...shape, 1] } };
    expect(() => StreamLlrRequest.decode(encode(more))).toThrow(/more than 262144 numbers/);
  });

  test('groups of unknown fields are followed a hundred deep and no further', () => {
    expect(StreamLlrRequest.decode(nested(100)).grids).toEqual([]);
    expect(() => StreamLlrRequest.decode(nested(102))).toThrow(/too deep/);
    expect(() => root.lookupType('spikingrx.v1.StreamLlrRequest').decode(nested(102))).toThrow(/depth/);
  });
});

test('a timed answer says in every result how long its encoding took', () => {
  const timing = { decodeMs: 1, queueMs: 2, computeMs: 3, batchSize: 4 };
  const llr = { datatype: 1, shape: [2], data: new Uint8Array(8) };
  const message = { results: ['a', 'b'].map((id) => ({ id, llr, timing })) };
  const { bytes, encodeMs } = encodeTimed(message);
  expect(encodeMs).toBeGreaterThan(0);
  const { results } = bulkCodecs.StreamLlrResponse.decode(bytes);
  const encoded = { ...timing, encodeMs: Math.fround(encodeMs), slackUs: null };
  expect(results.map((result) => result.timing)).toEqual([encoded, encoded]);
});
