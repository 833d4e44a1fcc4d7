import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { readContents, writeContents } from '#server/grpc/oip/contents.js';
import { decodeInferRequest } from '#server/grpc/oip/infer-request.js';

const root = new protobuf.Root().loadSync('proto/inference/grpc_service.proto');
const Request = root.lookupType('inference.ModelInferRequest');
const Contents = root.lookupType('inference.InferTensorContents');

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const whole = fc.maxSafeInteger();
const parameter = fc.oneof(
  fc.boolean().map((boolParam) => ({ boolParam })),
  whole.map((int64Param) => ({ int64Param })),
  text.map((stringParam) => ({ stringParam })),
  fc.double({ noNaN: true }).map((doubleParam) => ({ doubleParam })),
  fc.maxSafeNat().map((uint64Param) => ({ uint64Param })),
);
const parameters = fc.dictionary(text, parameter, { maxKeys: 4 });
const contents = fc.record({
  intContents: fc.array(fc.integer(), { maxLength: 8 }),
  fp32Contents: fc.array(fc.float(), { maxLength: 8 }),
  bytesContents: fc.array(bytes, { maxLength: 3 }),
});
const input = fc.record({
  name: text,
  datatype: text,
  shape: fc.array(whole, { maxLength: 5 }),
  parameters,
  contents,
});
const request = fc.record({
  modelName: text,
  modelVersion: text,
  id: text,
  parameters,
  inputs: fc.array(input, { maxLength: 3 }),
  outputs: fc.array(fc.record({ name: text, parameters }), { maxLength: 3 }),
  rawInputContents: fc.array(bytes, { maxLength: 3 }),
});

/** What a map of parameters decodes to: the one member that is set. */
function values(map: Readonly<Record<string, object>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, one]) => [key, Object.values(one)[0]]));
}

test('a request is what the generated codec wrote', () => {
  fc.assert(
    fc.property(request, (sent) => {
      const decoded = decodeInferRequest(Request.encode(Request.fromObject(sent)).finish());
      const { rawInputContents, inputs, outputs, ...rest } = sent;
      expect({ ...decoded, inputs: [], outputs: [], rawContents: [] }).toEqual({
        ...rest,
        parameters: values(rest.parameters),
        inputs: [],
        outputs: [],
        rawContents: [],
      });
      expect(decoded.rawContents.map((raw) => Buffer.from(raw))).toEqual(rawInputContents);
      expect(decoded.outputs).toEqual(
        outputs.map((o) => ({ name: o.name, parameters: values(o.parameters) })),
      );
      for (const [i, { contents: written, parameters: given, ...plain }] of inputs.entries()) {
        expect(decoded.inputs[i]).toMatchObject({ ...plain, parameters: values(given) });
        const [part] = decoded.inputs[i]!.contents;
        expect(part && Buffer.from(part)).toEqual(
          Buffer.from(Contents.encode(Contents.fromObject(written)).finish()),
        );
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});

function outcome(attempt: () => unknown): string {
  try {
    attempt();
    return 'decoded';
  } catch (error) {
    return (error as Error).name;
  }
}

test('whatever bytes come, it decodes or refuses', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      expect(outcome(() => decodeInferRequest(noise))).toMatch(/^(decoded|Error|RangeError|SpikingRxError)$/);
    }),
    { numRuns: 2000, seed: 2 },
  );
});

test('raw contents are views of the message, and unpacked shapes are shapes too', () => {
  const encoded = Request.encode({ rawInputContents: [Buffer.from([1, 2, 3])] }).finish();
  expect(decodeInferRequest(encoded).rawContents[0]?.buffer).toBe(encoded.buffer);
  const unpacked = Buffer.from([0x2a, 4, 0x18, 2, 0x18, 3]);
  expect(decodeInferRequest(unpacked).inputs[0]?.shape).toEqual([2, 3]);
});

test('a message of many small things costs no more than what is looked at', () => {
  const many = { inputs: [{ shape: Array.from({ length: 100_000 }, () => 1) }] };
  expect(() => decodeInferRequest(Request.encode(many).finish())).toThrow(/inputs\[0\]\.shape.*at most 16/);
  const inputs = { inputs: Array.from({ length: 100_000 }, () => ({})) };
  expect(() => decodeInferRequest(Request.encode(inputs).finish())).toThrow(/inputs: expected at most 256/);
  const keys = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, { boolParam: true }]));
  expect(() => decodeInferRequest(Request.encode({ parameters: keys }).finish())).toThrow(
    /parameters: expected at most 64/,
  );
  const reserved = { parameters: { ['__proto__']: { stringParam: 'x' } } };
  const decoded = decodeInferRequest(Request.encode(reserved).finish());
  expect(Object.getPrototypeOf(decoded.parameters)).toBe(Object.prototype);
});

const encode = (lists: object) => Contents.encode(lists).finish();
const read = (type: Parameters<typeof writeContents>[0], elements: number, ...parts: Uint8Array[]) =>
  readContents(parts, { type, elements, field: 'inputs[0].contents' });

describe('typed contents', () => {
  test.each([
    ['bool', 'boolContents', Uint8Array.of(1, 0, 1), [true, false, true]],
    ['int8', 'intContents', Int8Array.of(-128, 0, 127), [-128, 0, 127]],
    ['int16', 'intContents', Int16Array.of(-32768, 5, 32767), [-32768, 5, 32767]],
    ['int32', 'intContents', Int32Array.of(-(2 ** 31), 7), [-(2 ** 31), 7]],
    ['uint8', 'uintContents', Uint8Array.of(0, 255), [0, 255]],
    ['uint16', 'uintContents', Uint16Array.of(0, 65535), [0, 65535]],
    ['uint32', 'uintContents', Uint32Array.of(0, 2 ** 32 - 1), [0, 2 ** 32 - 1]],
    ['float32', 'fp32Contents', Float32Array.of(1.5, -0, Infinity), [1.5, -0, Infinity]],
    ['float64', 'fp64Contents', Float64Array.of(Math.PI, -1e300), [Math.PI, -1e300]],
  ] as const)('%s goes both ways through %s', (type, list, array, plain) => {
    const raw = new Uint8Array(array.buffer);
    const read1 = read(type, plain.length, encode({ [list]: plain }));
    expect(read1).toEqual(raw);
    expect(Array.from(writeContents(type, raw)![list] as ArrayLike<unknown>, Number)).toEqual(
      Array.from(plain, Number),
    );
    expect(read(type, plain.length, encode(writeContents(type, raw)!))).toEqual(raw);
  });

  test.each([
    ['int64', BigInt64Array.of(-(2n ** 63n), -1n, 2n ** 63n - 1n)],
    ['uint64', BigUint64Array.of(0n, 2n ** 64n - 1n)],
  ] as const)('%s keeps all its digits', (type, array) => {
    const raw = new Uint8Array(array.buffer);
    expect(read(type, array.length, encode(writeContents(type, raw)!))).toEqual(raw);
  });

  test('several parts count as one, packed or not', () => {
    const unpacked = Buffer.from([0x10, 3]);
    expect([...read('int8', 3, encode({ intContents: [1, 2] }), unpacked)]).toEqual([1, 2, 3]);
  });

  test.each([
    [
      'too few',
      () => read('int32', 3, encode({ intContents: [1] })),
      /int_contents: expected 3 values, received 1/,
    ],
    ['too many', () => read('int32', 1, encode({ intContents: [1, 2] })), /expected 1 values, received more/],
    ['out of range', () => read('int8', 1, encode({ intContents: [128] })), /int_contents\[0\].*int8.*range/],
    ['another list', () => read('int8', 1, encode({ fp32Contents: [1] })), /int_contents.*another list/],
    ['FP16', () => read('float16', 1, encode({ fp32Contents: [1] })), /raw_input_contents for FP16/],
    ['a shape of everything', () => read('float32', 2 ** 50, encode({ fp32Contents: [1] })), /received 1/],
  ])('%s is refused', (_what, attempt, message) => {
    expect(attempt).toThrow(message);
  });
});
