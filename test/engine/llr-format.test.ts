import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFloat16 } from '#float16.js';
import { type LlrPlanes, allFinite, formatLlr, formattedBytes } from '#engine/llr-format.js';
import type { LlrFormat } from '#engine/types.js';
import { elementAt } from './helpers/element-at.js';

const PLAIN: LlrFormat = { datatype: 'f32', layout: 'codeword', polarity: 'p0_over_p1', scale: 1 };

const gridArbitrary: fc.Arbitrary<LlrPlanes> = fc
  .record({
    bitsPerSymbol: fc.constantFrom(2, 4, 6, 8),
    nSym: fc.integer({ min: 1, max: 4 }),
    nSc: fc.integer({ min: 1, max: 7 }),
  })
  .chain(({ bitsPerSymbol, nSym, nSc }) => {
    const elements = nSym * nSc;
    return fc.record({
      planes: fc.float32Array({
        noNaN: true,
        min: -300,
        max: 300,
        minLength: bitsPerSymbol * elements,
        maxLength: bitsPerSymbol * elements,
      }),
      dataMask: fc
        .array(fc.constantFrom(0, 1), { minLength: elements, maxLength: elements })
        .map((mask) => Uint8Array.from(mask)),
      bitsPerSymbol: fc.constant(bitsPerSymbol),
      nSym: fc.constant(nSym),
      nSc: fc.constant(nSc),
    });
  });

const formatArbitrary: fc.Arbitrary<LlrFormat> = fc.record({
  datatype: fc.constantFrom('f32', 'f16', 'i8'),
  layout: fc.constantFrom('codeword', 'grid'),
  polarity: fc.constantFrom('p0_over_p1', 'p1_over_p0'),
  scale: fc.constantFrom(0.25, 1, 3, 1000),
});

/** The LLRs in order, before conversion, one `push` at a time. */
function orderedLlrs(grid: LlrPlanes, format: LlrFormat): number[] {
  const out: number[] = [];
  const sign = format.polarity === 'p0_over_p1' ? 1 : -1;
  const at = (bit: number, symbol: number, subcarrier: number): number =>
    Math.fround(
      sign * format.scale * elementAt(grid.planes, (bit * grid.nSym + symbol) * grid.nSc + subcarrier),
    );
  if (format.layout === 'grid') {
    for (let bit = 0; bit < grid.bitsPerSymbol; bit += 1)
      for (let symbol = 0; symbol < grid.nSym; symbol += 1)
        for (let subcarrier = 0; subcarrier < grid.nSc; subcarrier += 1)
          out.push(at(bit, symbol, subcarrier));
    return out;
  }
  for (let symbol = 0; symbol < grid.nSym; symbol += 1)
    for (let subcarrier = 0; subcarrier < grid.nSc; subcarrier += 1)
      for (let bit = 0; bit < grid.bitsPerSymbol; bit += 1)
        if (grid.dataMask[symbol * grid.nSc + subcarrier] === 1) out.push(at(bit, symbol, subcarrier));
  return out;
}

/** Little-endian values read one by one. */
function decode(bytes: Uint8Array, datatype: LlrFormat['datatype']): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = { f32: 4, f16: 2, i8: 1 }[datatype];
  return Array.from({ length: bytes.byteLength / width }, (_, i) => {
    if (datatype === 'f32') return view.getFloat32(4 * i, true);
    return datatype === 'f16' ? decodeFloat16(view.getUint16(2 * i, true)) : view.getInt8(i);
  });
}

/** |got − wanted|, saturation included, in units of the largest rounding error that the datatype allows. */
function conversionError(value: number, got: number, datatype: LlrFormat['datatype']): number {
  const limit = { f32: Number.POSITIVE_INFINITY, f16: 65504, i8: 127 }[datatype];
  const wanted = Math.max(-limit, Math.min(limit, value));
  const allowed = { f32: Number.MIN_VALUE, f16: Math.max(2 ** -25, Math.abs(wanted) * 2 ** -11), i8: 0.5 };
  return Math.abs(got - wanted) / allowed[datatype];
}

describe('formatLlr', () => {
  it('puts data REs frequency first, then symbols, the bits of one RE side by side', () => {
    // Two bit planes of 2 symbols × 3 subcarriers; RE (0,1) is a pilot.
    const planes = Float32Array.of(0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112);
    const dataMask = Uint8Array.of(1, 0, 1, 1, 1, 1);
    const { shape, bytes } = formatLlr({ planes, dataMask, bitsPerSymbol: 2, nSym: 2, nSc: 3 }, PLAIN);
    expect(shape).toEqual([10]);
    expect(decode(bytes, 'f32')).toEqual([0, 100, 2, 102, 10, 110, 11, 111, 12, 112]);
  });

  it('agrees with a straightforward reference in order, sign, scale and rounding', () => {
    fc.assert(
      fc.property(gridArbitrary, formatArbitrary, (grid, format) => {
        const expected = orderedLlrs(grid, format);
        const { shape, bytes } = formatLlr(grid, format);
        expect(shape).toEqual(
          format.layout === 'grid' ? [grid.bitsPerSymbol, grid.nSym, grid.nSc] : [expected.length],
        );
        const actual = decode(bytes, format.datatype);
        expect(actual).toHaveLength(expected.length);
        const errors = expected.map((value, i) =>
          conversionError(value, elementAt(actual, i), format.datatype),
        );
        expect(Math.max(0, ...errors)).toBeLessThanOrEqual(1);
      }),
      { seed: 2, numRuns: 300 },
    );
  });

  it('makes the two polarities exact negatives in every datatype', () => {
    fc.assert(
      fc.property(gridArbitrary, formatArbitrary, (grid, format) => {
        const plus = decode(formatLlr(grid, { ...format, polarity: 'p0_over_p1' }).bytes, format.datatype);
        const minus = decode(formatLlr(grid, { ...format, polarity: 'p1_over_p0' }).bytes, format.datatype);
        expect(minus.map((value) => 0 - value)).toEqual(plus.map((value) => value + 0));
      }),
      { seed: 3, numRuns: 200 },
    );
  });

  it('rounds ties to even and saturates at ±127 in i8', () => {
    const planes = Float32Array.of(0.5, 1.5, -0.5, -1.5, 2.5, 126.5, 127.4, 1e9, -1e9, -127.5);
    const grid = { planes, dataMask: new Uint8Array(5).fill(1), bitsPerSymbol: 2, nSym: 1, nSc: 5 };
    const { bytes } = formatLlr(grid, { ...PLAIN, datatype: 'i8', layout: 'grid' });
    expect(decode(bytes, 'i8')).toEqual([0, 2, 0, -2, 2, 126, 127, 127, -127, -127]);
  });

  it('saturates at the largest finite value in f32 and f16, in both layouts', () => {
    const planes = Float32Array.of(20, -20, 0, 1e-30);
    const grid = { planes, dataMask: Uint8Array.of(1, 1), bitsPerSymbol: 2, nSym: 1, nSc: 2 };
    const largest = (2 - 2 ** -23) * 2 ** 127;
    for (const [datatype, limit] of [
      ['f32', largest],
      ['f16', 65504],
    ] as const) {
      const format = { ...PLAIN, datatype, layout: 'grid', scale: 1e308 } as const;
      expect(decode(formatLlr(grid, format).bytes, datatype)).toEqual([limit, -limit, 0, limit]);
      const codeword = formatLlr(grid, { ...format, layout: 'codeword' });
      expect(decode(codeword.bytes, datatype)).toEqual([limit, 0, -limit, limit]);
    }
  });

  it('writes to a place in a larger buffer, and nothing beside it', () => {
    fc.assert(
      fc.property(gridArbitrary, formatArbitrary, fc.nat({ max: 3 }), (grid, format, words) => {
        const alone = formatLlr(grid, format);
        expect(alone.bytes.byteLength).toBe(formattedBytes(grid, format));
        const byteOffset = 4 * words;
        const around = new Uint8Array(byteOffset + alone.bytes.byteLength + 5).fill(77);
        const { shape, bytes } = formatLlr(grid, format, { buffer: around.buffer, byteOffset });
        expect(shape).toEqual(alone.shape);
        expect(bytes).toEqual(alone.bytes);
        const rest = [...around.subarray(0, byteOffset), ...around.subarray(byteOffset + bytes.length)];
        expect(rest).toEqual(Array.from({ length: byteOffset + 5 }, () => 77));
      }),
      { seed: 4, numRuns: 100 },
    );
  });

  it('leaves the planes alone', () => {
    const planes = Float32Array.of(1, -2);
    formatLlr(
      { planes, dataMask: Uint8Array.of(1), bitsPerSymbol: 2, nSym: 1, nSc: 1 },
      { ...PLAIN, scale: -3 },
    );
    expect([...planes]).toEqual([1, -2]);
  });
});

describe('allFinite', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('finds %d anywhere', (value) => {
    for (const position of [0, 5, 9]) {
      const values = new Float32Array(10).fill(3e38);
      expect(allFinite(values)).toBe(true);
      values[position] = value;
      expect(allFinite(values)).toBe(false);
    }
  });
});
