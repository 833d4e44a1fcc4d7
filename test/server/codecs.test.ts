import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interleave } from '#client/index.js';
import { encodeFloat16 } from '#float16.js';
import { ERROR_CODES, SpikingRxError } from '#errors.js';
import { decodeBase64 } from '#server/base64.js';
import {
  errorBody,
  GRPC_STATUS,
  grpcStatus,
  HTTP_STATUS,
  retryAfterSeconds,
  toSpikingRxError,
} from '#server/errors.js';
import { deinterleave, type IqSamples } from '#iq.js';
import { describe as describeValue, fieldOf, schemaError } from '#schema-error.js';

describe('base64', () => {
  test('decodes what Node encodes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(decodeBase64(Buffer.from(bytes).toString('base64'), 'f')).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test('refuses anything that lost or changed a character', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 60 }), fc.nat(), (bytes, at) => {
        const text = Buffer.from(bytes).toString('base64');
        const i = at % (text.length - 2);
        expect(() => decodeBase64(text.slice(0, i) + text.slice(i + 1), 'f')).toThrow(/f: expected base64/);
        for (const bad of ['=', ' ', '\n', '-', '_', '!', 'é'])
          expect(() => decodeBase64(text.slice(0, i) + bad + text.slice(i + 1), 'f')).toThrow(
            /f: expected base64/,
          );
      }),
    );
  });
});

/** The plain definition, sample by sample, with a DataView. */
function reference(
  bytes: Uint8Array,
  planes: number,
  planeSize: number,
  read: (view: DataView, i: number) => number,
) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out = new Float32Array(2 * planes * planeSize);
  for (let plane = 0; plane < planes; plane++)
    for (let i = 0; i < planeSize; i++)
      for (const part of [0, 1])
        out[(2 * plane + part) * planeSize + i] = read(view, 2 * (plane * planeSize + i) + part);
  return out;
}

/** `bytes` at an odd offset of a larger buffer, as protobuf hands them out. */
function unaligned(bytes: Uint8Array, offset: number): Uint8Array {
  const slab = new Uint8Array(bytes.length + offset);
  slab.set(bytes, offset);
  return slab.subarray(offset);
}

function decoded(samples: IqSamples, field: string): Float32Array {
  // What is left of another grid must not show through.
  const out = new Float32Array(2 * samples.planes * samples.planeSize).fill(Number.NaN);
  deinterleave(samples, out, field);
  return out;
}

describe('IQ samples', () => {
  const sizes = fc.record({
    planes: fc.integer({ min: 1, max: 3 }),
    planeSize: fc.integer({ min: 1, max: 20 }),
  });

  test('cf32 at any alignment', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.nat({ max: 7 }),
        fc.infiniteStream(fc.float({ noNaN: true, noDefaultInfinity: true })),
        (size, offset, source) => {
          const values = Float32Array.from(
            { length: 2 * size.planes * size.planeSize },
            () => source.next().value as number,
          );
          const bytes = unaligned(new Uint8Array(values.buffer), offset);
          const expected = reference(bytes, size.planes, size.planeSize, (view, i) =>
            view.getFloat32(4 * i, true),
          );
          const got = decoded({ datatype: 'cf32_le', bytes, ...size, scale: 1 }, 'f');
          expect(got).toEqual(expected);
          // The client's helper is the inverse.
          expect(Buffer.from(interleave(got, size.planeSize).buffer)).toEqual(Buffer.from(values.buffer));
        },
      ),
    );
  });

  test('ci16 with a scale, cf16', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.nat({ max: 3 }),
        fc.infiniteStream(fc.integer({ min: -32768, max: 32767 })),
        (size, offset, source) => {
          const values = Int16Array.from(
            { length: 2 * size.planes * size.planeSize },
            () => source.next().value as number,
          );
          const bytes = unaligned(new Uint8Array(values.buffer), offset);
          const expected = reference(
            bytes,
            size.planes,
            size.planeSize,
            (view, i) => 0.25 * view.getInt16(2 * i, true),
          );
          expect(decoded({ datatype: 'ci16_le', bytes, ...size, scale: 0.25 }, 'f')).toEqual(expected);
          const halves = new Uint16Array(values.length);
          encodeFloat16(
            Float32Array.from(values, (value) => value / 64),
            halves,
          );
          const half = unaligned(new Uint8Array(halves.buffer), offset);
          const got = decoded({ datatype: 'cf16_le', bytes: half, ...size, scale: 1 }, 'f');
          const exact = reference(
            bytes,
            size.planes,
            size.planeSize,
            (view, i) => view.getInt16(2 * i, true) / 64,
          );
          got.forEach((value, i) =>
            expect(Math.abs(value - exact[i]!)).toBeLessThanOrEqual(2 ** -11 * Math.abs(exact[i]!)),
          );
        },
      ),
    );
  });

  test('the mean power is E|x|²', () => {
    const bytes = new Uint8Array(Float32Array.of(3, 4, 0, 1, 0, 0, 1, 1).buffer);
    const samples = { datatype: 'cf32_le', bytes, planes: 2, planeSize: 2, scale: 2 } as const;
    expect(deinterleave(samples, new Float32Array(8), 'f')).toBe((4 * (25 + 1 + 0 + 2)) / 4);
    const largest = new Uint8Array(new Float32Array(8).fill(3.4e38).buffer);
    const power = deinterleave({ ...samples, bytes: largest, scale: 1 }, new Float32Array(8), 'f');
    expect(power / 1e76).toBeCloseTo(2 * 3.4 ** 2, 4);
  });

  test('the first sample that is not finite is named, also when the scale makes it so', () => {
    fc.assert(
      fc.property(fc.nat({ max: 23 }), fc.constantFrom(Number.NaN, Infinity, -Infinity), (at, value) => {
        const values = new Float32Array(24).fill(1);
        values[at] = value;
        const samples = {
          datatype: 'cf32_le',
          bytes: new Uint8Array(values.buffer),
          planes: 2,
          planeSize: 6,
          scale: 1,
        } as const;
        const kind = Number.isNaN(value) ? 'NaN' : 'Inf';
        const expected = `f: expected finite samples, received ${kind} in ${at % 2 ? 'Q' : 'I'} of sample ${at >> 1}`;
        expect(() => decoded(samples, 'f')).toThrow(expected);
      }),
    );
    const big = new Uint8Array(Float32Array.of(1e38, 0).buffer);
    expect(() =>
      decoded({ datatype: 'cf32_le', bytes: big, planes: 1, planeSize: 1, scale: 10 }, 'f'),
    ).toThrow(/Inf/);
  });
});

describe('errors', () => {
  test('every code has both statuses, and no two share an HTTP status but those that are worth another try', () => {
    const shared = ERROR_CODES.filter((code) => code !== 'RATE_LIMITED');
    expect(new Set(shared.map((code) => HTTP_STATUS[code])).size).toBe(shared.length);
    expect(HTTP_STATUS.RATE_LIMITED).toBe(HTTP_STATUS.QUEUE_FULL);
    for (const code of ERROR_CODES) expect(GRPC_STATUS[code]).toBeGreaterThan(0);
  });

  test('an unexpected error tells nothing about itself', () => {
    const secret = new Error('ENOENT: /home/me/secret.onnx');
    const answer = JSON.stringify(errorBody(toSpikingRxError(secret)));
    expect(answer).not.toContain('secret');
    expect(grpcStatus(toSpikingRxError(secret)).details).not.toContain('secret');
  });

  test('retry times round up, and only where a retry makes sense', () => {
    expect(retryAfterSeconds(new SpikingRxError('QUEUE_FULL', 'm', { retryAfterMs: 1001 }))).toBe('2');
    expect(retryAfterSeconds(new SpikingRxError('QUEUE_FULL', 'm'))).toBe('1');
    expect(retryAfterSeconds(new SpikingRxError('NOT_FOUND', 'm'))).toBeUndefined();
  });

  test('a field that is not ASCII survives the trip through metadata', () => {
    expect(() =>
      grpcStatus(new SpikingRxError('INVALID_ARGUMENT', 'm', { field: 'gr\u00fcn\n' })),
    ).not.toThrow();
  });
});

describe('schema findings', () => {
  test('pointers become paths; values are told by kind and size', () => {
    expect(fieldOf('/grids/0/rx/data')).toBe('grids[0].rx.data');
    expect(fieldOf('/a~1b/c~0d')).toBe('a/b.c~d');
    expect(describeValue('x'.repeat(5000))).toBe('a string of 5000 characters');
    expect(describeValue([1, 2, 3])).toBe('an array of 3');
    expect(describeValue(null)).toBe('null');
  });

  test('nothing found is still an error', () => {
    expect(schemaError([], {}, 'body')).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'body' });
  });
});
