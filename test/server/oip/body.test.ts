import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpikingRxError } from '#errors.js';
import type { InferAnswer } from '#server/oip/infer.js';
import { writeInferAnswer } from '#server/rest/oip-answer.js';
import { readInferBody } from '#server/rest/oip-body.js';

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
  readonly form: 'flat' | 'nested' | 'binary';
}

/** FP32 tensors of up to three axes, each to be sent in one of the forms. */
const tensors: fc.Arbitrary<readonly Tensor[]> = fc
  .array(
    fc.tuple(
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
      fc.infiniteStream(fc.float({ noNaN: true, noDefaultInfinity: true })),
      fc.constantFrom('flat', 'nested', 'binary'),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((list) =>
    list.map(([shape, stream, form], i) => {
      const count = shape.reduce((product, size) => product * size, 1);
      return { name: `t${i}`, shape, values: [...stream.take(count)], form } as const;
    }),
  );

function nested(values: readonly unknown[], shape: readonly number[]): readonly unknown[] {
  const [, ...inner] = shape;
  if (inner.length === 0) return values;
  const size = values.length / shape[0]!;
  return Array.from({ length: shape[0]! }, (_, i) => nested(values.slice(i * size, (i + 1) * size), inner));
}

/** JSON has no −0 in `JSON.stringify`. */
function plain(values: readonly number[]): readonly number[] {
  return values.map((value) => value + 0);
}

const bytesOf = (values: readonly number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);

function bodyOf(list: readonly Tensor[], parameters: object = {}): { body: Buffer; jsonLength: number } {
  const inputs = list.map(({ name, shape, values, form }) => ({
    name,
    shape,
    datatype: 'FP32',
    ...(form === 'binary'
      ? { parameters: { binary_data_size: 4 * values.length } }
      : { data: form === 'flat' ? values : nested(values, shape) }),
  }));
  const json = Buffer.from(JSON.stringify({ inputs, parameters }));
  const data = list.filter(({ form }) => form === 'binary').map(({ values }) => bytesOf(values));
  return { body: Buffer.concat([json, ...data]), jsonLength: json.byteLength };
}

function outcomeOf(body: Buffer, header: string | undefined): unknown {
  try {
    readInferBody(body, header);
    return 'read';
  } catch (error) {
    return error instanceof SpikingRxError ? error.code : error;
  }
}

describe('bodies of the Open Inference Protocol', () => {
  it('hold the same tensors in whatever form each comes', () => {
    fc.assert(
      fc.property(tensors, (list) => {
        const { body, jsonLength } = bodyOf(list);
        const { inputs } = readInferBody(body, String(jsonLength));
        expect(inputs.map(({ name, shape }) => ({ name, shape }))).toEqual(
          list.map(({ name, shape }) => ({ name, shape })),
        );
        for (const [i, { values, form }] of list.entries()) {
          const sent = bytesOf(form === 'binary' ? values : plain(values));
          expect(Buffer.compare(Buffer.from(inputs[i]!.data), sent)).toBe(0);
        }
      }),
    );
  });

  it('are answered with the same values as JSON and as binary data', () => {
    fc.assert(
      fc.property(tensors, (list) => {
        const provenance = { model: 'm', version: '1', sha256: '', provider: 'cpu', batchSize: 1 } as const;
        const answer: InferAnswer = {
          id: 'i',
          model: 'm',
          version: '1',
          outputs: list.map(({ name, shape, values }) => ({
            name,
            datatype: 'FP32',
            shape,
            bytes: bytesOf(values),
          })),
          provenance: { ...provenance, decodeMs: 0, queueMs: 0, computeMs: 0 },
        };
        const isBinary = (name: string): boolean => list.find((one) => one.name === name)?.form === 'binary';
        const { body, jsonLength = body.byteLength } = writeInferAnswer(answer, { id: 'i', isBinary });
        const head = JSON.parse(body.subarray(0, jsonLength).toString('utf8')) as {
          outputs: { data?: number[]; parameters?: { binary_data_size: number } }[];
        };
        let offset = jsonLength;
        for (const [i, { values, form }] of list.entries()) {
          const size = head.outputs[i]!.parameters?.binary_data_size ?? 0;
          const received =
            form === 'binary' ? body.subarray(offset, (offset += size)) : bytesOf(head.outputs[i]!.data!);
          expect(Buffer.compare(received, bytesOf(values))).toBe(0);
        }
        expect(offset).toBe(body.byteLength);
      }),
    );
  });

  it('of any bytes are read, or refused as the project refuses', () => {
    const keys = fc.constantFrom(
      'inputs',
      'outputs',
      'parameters',
      'id',
      'name',
      'shape',
      'datatype',
      'data',
      'binary_data_size',
      '__proto__',
    );
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>('FP32', 'x', true, null),
        fc.integer(),
        fc.double(),
        fc.array(tie('json'), { maxLength: 4 }),
        fc.dictionary(keys, tie('json'), { maxKeys: 5 }),
      ),
    }));
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      json.map((value) => Buffer.from(JSON.stringify(value))),
      tensors.map((list) => bodyOf(list).body),
    );
    const header = fc.option(fc.oneof(fc.nat(200).map(String), fc.string({ maxLength: 5 })), {
      nil: undefined,
    });
    fc.assert(
      fc.property(body, header, (bytes, length) => {
        expect(['read', 'INVALID_ARGUMENT', 'PAYLOAD_TOO_LARGE']).toContain(outcomeOf(bytes, length));
      }),
      { numRuns: 1000 },
    );
  });
});
