import { describe, expect, it } from 'vitest';
import { magnitudeQuantile, niceLimit } from '#report/limits.js';

describe('what colours show', () => {
  it('is bounded by magnitudes, whatever the sign', () => {
    expect(magnitudeQuantile([Float32Array.of(-4, 1), Float32Array.of(2, -3)], 0.5)).toBe(3);
    expect(magnitudeQuantile([Float32Array.of(-4, Number.NaN, 1)], 1)).toBe(4);
    expect(magnitudeQuantile([], 0.9)).toBe(0);
  });

  it('is bounded by a sample where there are many values', () => {
    const many = Float32Array.from({ length: 1_000_000 }, (_, i) => i / 1_000_000);
    expect(magnitudeQuantile([many], 0.25)).toBeCloseTo(0.25, 4);
  });

  it('ends at round numbers', () => {
    expect([0.013, 1, 4.2, 8.5, 27].map(niceLimit)).toEqual([0.015, 1, 5, 10, 30]);
  });
});
