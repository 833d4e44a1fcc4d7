import { describe, expect, it } from 'vitest';
import { binsFor, meanAndVariance, momentsByChannel } from '#report/spiking/moments.js';

describe('moments', () => {
  it('are those of the population', () => {
    expect(meanAndVariance([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, variance: 4 });
    expect(meanAndVariance([])).toEqual({ mean: 0, variance: 0 });
  });

  it('keep their digits beside a large mean', () => {
    expect(meanAndVariance([1e9 + 1, 1e9 + 2, 1e9 + 3]).variance).toBeCloseTo(2 / 3, 12);
  });

  it('are told for each channel', () => {
    expect(momentsByChannel(Float32Array.of(1, 3, 5, 5), 2)).toEqual([
      { mean: 2, variance: 1 },
      { mean: 5, variance: 0 },
    ]);
  });
});

describe('bins', () => {
  it('hold all values when nothing is to be left out', () => {
    expect(binsFor([Float32Array.of(3, -1), Float32Array.of(2)], 40, 0)).toEqual({
      min: -1,
      max: 3,
      bins: 40,
    });
  });

  it('are not stretched by outliers or what is no number, nor broken by a constant', () => {
    const values = Float32Array.from({ length: 2000 }, (_, i) =>
      i === 7 ? 1e6 : i === 8 ? Number.NaN : i / 2000,
    );
    const { min, max } = binsFor([values], 10);
    expect([min, max]).toEqual([expect.closeTo(0, 2), expect.closeTo(1, 2)]);
    expect(binsFor([Float32Array.of(3, 3)], 4)).toEqual({ min: 2.5, max: 3.5, bins: 4 });
  });
});
