import { describe, expect, it } from 'vitest';
import { densities, histogramOf, histogramSeries } from '#chart/histogram.js';

describe('a histogram', () => {
  it('counts each value in its bin, the last edge included', () => {
    const histogram = histogramOf([0, 0.5, 1, 1.9, 2, -1, 3, Number.NaN], { min: 0, max: 2, bins: 2 });
    expect(histogram).toEqual({ edges: [0, 1, 2], counts: [2, 3], total: 7 });
  });

  it('has densities that sum to the share of values within the edges', () => {
    const histogram = histogramOf([0, 1, 2, 3, 100], { min: 0, max: 4, bins: 8 });
    const mass = densities(histogram).reduce((sum, density) => sum + density * 0.5, 0);
    expect(mass).toBeCloseTo(4 / 5, 12);
    expect(densities(histogramOf([], { min: 0, max: 1, bins: 1 }))).toEqual([0]);
  });

  it('is drawn as an outline that starts and ends at zero', () => {
    const histogram = histogramOf([0.5, 1.5, 1.6], { min: 0, max: 2, bins: 2 });
    const { data } = histogramSeries(histogram, { name: 'x', index: 0, heights: histogram.counts });
    expect(data).toEqual([
      [0, 0],
      [0, 1],
      [1, 2],
      [2, 2],
      [2, 0],
    ]);
  });
});
