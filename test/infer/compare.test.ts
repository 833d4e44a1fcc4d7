import { describe, expect, it } from 'vitest';
import { binEdge, compareLlrs, HISTOGRAM_BINS, summarise } from '#infer/compare.js';
import { Random } from '#phy/random.js';

const random = Random.fromSeed(1);
const gaussian = (n: number) => Float32Array.from({ length: n }, () => random.normal());

describe('two sets of LLRs', () => {
  it('that differ by a factor: same signs, that scale, correlation 1', () => {
    const ours = gaussian(1000);
    const theirs = ours.map((llr) => 7.5 * llr);
    const { sameSign, zeros, scale, correlation } = compareLlrs(ours, theirs);
    expect([sameSign, zeros]).toEqual([1, 0]);
    expect(scale).toBeCloseTo(7.5, 5);
    expect(correlation).toBeCloseTo(1, 6);
    expect(
      compareLlrs(
        ours,
        theirs.map((llr) => -llr),
      ),
    ).toMatchObject({ sameSign: 0, zeros: 0 });
  });

  it('with noise: scale and correlation are those of the model', () => {
    const ours = gaussian(20_000);
    const noise = gaussian(20_000);
    const theirs = ours.map((llr, i) => 3 * llr + 4 * (noise[i] as number));
    const { scale, correlation, sameSign } = compareLlrs(ours, theirs);
    // Deviations: 4/√20000 = 0.03, and below 0.006. The odds of five of them are below 1e-6.
    expect(Math.abs(scale - 3)).toBeLessThan(0.15);
    expect(Math.abs(correlation - 3 / 5)).toBeLessThan(0.03);
    // Gaussians of correlation ρ agree in sign with probability 1/2 + asin(ρ)/π.
    expect(Math.abs(sameSign - (0.5 + Math.asin(0.6) / Math.PI))).toBeLessThan(0.02);
  });

  it('with zeros: they have no sign', () => {
    const result = compareLlrs(Float32Array.of(1, 0, -2, 3), Float32Array.of(2, 5, 0, -1));
    expect(result).toMatchObject({ sameSign: 0.5, zeros: 2 });
    const silent = compareLlrs(new Float32Array(4), Float32Array.of(1, 2, 3, 4));
    expect(silent).toEqual({ sameSign: 0, zeros: 4, scale: 0, correlation: 0 });
    expect(() => compareLlrs(new Float32Array(3), new Float32Array(4))).toThrow('theirs: expected 3 LLRs');
  });
});

describe('the histogram', () => {
  it('counts every LLR once, in units of the RMS, the far ones at the ends', () => {
    const llrs = gaussian(5000).map((llr) => 12 * llr);
    const { rms, histogram } = summarise(llrs);
    expect(rms).toBeGreaterThan(11);
    expect(histogram).toHaveLength(HISTOGRAM_BINS);
    const expected = histogram.map((_, bin) => {
      const [low, high] = [binEdge(bin), binEdge(bin + 1)];
      const above = (x: number) => bin === 0 || x >= low;
      const below = (x: number) => bin === HISTOGRAM_BINS - 1 || x < high;
      return llrs.filter((llr) => above(llr / rms) && below(llr / rms)).length;
    });
    expect(histogram).toEqual(expected);
    expect(histogram.reduce((sum, count) => sum + count, 0)).toBe(5000);
  });

  it('of nothing but zeros is in the middle', () => {
    const { rms, histogram } = summarise(new Float32Array(8));
    expect(rms).toBe(0);
    expect(histogram[8]).toBe(8);
  });
});
