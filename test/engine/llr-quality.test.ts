import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dataLlrs, formatLlr, type LlrPlanes } from '#engine/llr-format.js';
import { MAGNITUDE_LIMITS, MagnitudeCounter, saturatedFraction } from '#engine/llr-quality.js';
import type { LlrDatatype, LlrFormat } from '#engine/types.js';

function planesOf(values: readonly number[], mask: readonly number[]): LlrPlanes {
  return {
    planes: Float32Array.from(values),
    dataMask: Uint8Array.from(mask),
    bitsPerSymbol: values.length / mask.length,
    nSym: 1,
    nSc: mask.length,
  };
}

/** The plain definition: which bucket, by comparing with every limit. */
function bucketOf(magnitude: number): number {
  const bucket = MAGNITUDE_LIMITS.findIndex((limit) => magnitude <= limit);
  return bucket === -1 ? MAGNITUDE_LIMITS.length : bucket;
}

const magnitudes = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.float({ noNaN: true, min: -100, max: 100 }),
  // The limits themselves, and the float32 beside them.
  fc.constantFrom(...MAGNITUDE_LIMITS, 0, -0),
  fc.constantFrom(...MAGNITUDE_LIMITS).map((limit) => -Math.fround(limit * (1 + 2 ** -23))),
);

describe('magnitudes of LLRs', () => {
  test('are counted as their definition says, at data resource elements only', () => {
    const grids = fc.array(fc.array(fc.tuple(magnitudes, magnitudes, fc.nat({ max: 1 })), { minLength: 1 }), {
      minLength: 1,
      maxLength: 3,
    });
    const formats: fc.Arbitrary<LlrFormat> = fc.record({
      datatype: fc.constantFrom('f32', 'f16', 'i8'),
      layout: fc.constantFrom('codeword', 'grid'),
      polarity: fc.constantFrom('p0_over_p1', 'p1_over_p0'),
      scale: fc.constantFrom(1, 3),
    });
    fc.assert(
      fc.property(grids, formats, (batch, format) => {
        const counter = new MagnitudeCounter();
        const counts = MAGNITUDE_LIMITS.map(() => 0).concat(0);
        let total = 0;
        for (const elements of batch) {
          const values = [...elements.map(([first]) => first), ...elements.map(([, second]) => second)];
          const mask = elements.map(([, , bit]) => bit);
          const input = planesOf(values, mask);
          const mean = counter.add(dataLlrs(input, format, formatLlr(input, format)));
          const data = values
            .filter((_, i) => mask[i % mask.length] === 1)
            .map((value) => Math.abs(Math.fround(value)));
          for (const magnitude of data) counts[bucketOf(magnitude)]!++;
          const sum = data.reduce((before, magnitude) => before + magnitude, 0);
          total += sum;
          expect(mean).toBeCloseTo(data.length === 0 ? 0 : sum / data.length, 10 - Math.log10(1 + sum));
        }
        expect(counter.total().counts).toEqual(counts);
        expect(counter.total().sum / (total || 1)).toBeCloseTo(total === 0 ? 0 : 1, 10);
      }),
    );
  });
});

function fraction(values: readonly number[], datatype: LlrDatatype, scale = 1): number {
  const mask = values.map(() => 1);
  const format: LlrFormat = { datatype, layout: 'codeword', polarity: 'p1_over_p0', scale };
  return saturatedFraction(formatLlr(planesOf(values, mask), format), format);
}

describe('saturated values', () => {
  test('i8: those that came out as ±127', () => {
    expect(fraction([126.4, 126.6, -500, 3], 'i8')).toBe(0.5);
    expect(fraction([1, -1, 0, 2], 'i8')).toBe(0);
    expect(fraction([1, -1, 0, 2], 'i8', 127)).toBe(0.75);
  });

  test('f16 and f32: those at the largest finite value', () => {
    expect(fraction([65504, -1e6, 65000, 0], 'f16')).toBe(0.5);
    expect(fraction([1e38, -1e38, 1, 0], 'f32', 10)).toBe(0.5);
    expect(fraction([1e38, -1e38, 1, 0], 'f32')).toBe(0);
  });

  test('of no values none', () => {
    const format: LlrFormat = { datatype: 'i8', layout: 'codeword', polarity: 'p0_over_p1', scale: 1 };
    expect(saturatedFraction({ bytes: new Uint8Array(0) }, format)).toBe(0);
  });
});
