import { describe, expect, it } from 'vitest';
import { Random } from '#phy/random.js';
import { binsFor, histogramDensity, meanAndVariance, momentsByChannel } from '#report/spiking/moments.js';

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

describe('histograms', () => {
  it('count by hand-made bins, the upper edge in the last', () => {
    const bins = { from: 0, width: 0.5, count: 4 };
    // Of eight values one lies below and one above the bins.
    expect(histogramDensity([-1, 0, 0.49, 0.5, 1.2, 1.9, 2, 2.1], bins)).toEqual([0.5, 0.25, 0.25, 0.5]);
  });

  it('enclose an area of 1 where the bins hold all values', () => {
    const random = Random.fromSeed(5);
    const values = Float32Array.from({ length: 5000 }, () => random.normal());
    const bins = binsFor([values], 40, 0);
    const area = histogramDensity(values, bins).reduce((sum, density) => sum + density * bins.width, 0);
    expect(area).toBeCloseTo(1, 6);
  });

  it('follow the density that the values are drawn from', () => {
    const random = Random.fromSeed(6);
    const values = Float32Array.from({ length: 100_000 }, () => random.normal());
    const bins = { from: -2, width: 0.5, count: 8 };
    histogramDensity(values, bins).forEach((density, i) => {
      const x = bins.from + (i + 0.5) * bins.width;
      // Standard error 0.0025 at most, 0.006 for what a bin is not its middle; 0.02 is far from both.
      expect(Math.abs(density - Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI))).toBeLessThan(0.02);
    });
  });

  it('are not stretched by an outlier, nor broken by a constant', () => {
    const values = Float32Array.from({ length: 2000 }, (_, i) => (i === 7 ? 1e6 : i / 2000));
    expect(binsFor([values], 10, 0.001)).toMatchObject({ count: 10, from: expect.closeTo(0, 2) });
    expect(binsFor([values], 10, 0.001).width).toBeLessThan(0.11);
    expect(histogramDensity([3, 3], binsFor([Float32Array.of(3, 3)], 4))).toEqual([0, 0, 4, 0]);
  });
});
