import { describe, expect, it } from 'vitest';
import { Random } from '#phy/random.js';
import {
  burstiness,
  densityByChannels,
  densityBySteps,
  firstSpikes,
  interSpikeIntervals,
  momentsOfCounts,
} from '#report/spiking/spike-trains.js';

/** Five neurons over six steps, written as one train a line. */
const TRAINS = ['101001', '000000', '111111', '010010', '000001'];
const STEPS = stepsOf(TRAINS);

function stepsOf(trains: readonly string[]): number[][] {
  return Array.from({ length: trains[0]?.length ?? 0 }, (_, step) =>
    trains.map((train) => Number(train[step])),
  );
}

describe('statistics of spike trains', () => {
  it('count spikes per neuron at each step', () => {
    expect(densityBySteps(STEPS)).toEqual([2 / 5, 2 / 5, 2 / 5, 1 / 5, 2 / 5, 3 / 5]);
    expect(densityBySteps([])).toEqual([]);
  });

  it('count spikes per neuron in each channel', () => {
    // Two channels of a grid of 2 × 2.
    expect(densityByChannels([1, 0, 0, 1, 0, 0, 0, 1], 2)).toEqual([0.5, 0.25]);
  });

  it('tell when neurons fire first, and how many never do', () => {
    expect(firstSpikes(STEPS)).toEqual({ times: { first: 1, counts: [2, 1, 0, 0, 0, 1] }, silent: 1 });
  });

  it('measure the steps between successive spikes', () => {
    // 101001: 2 and 3; 111111: five times 1; 010010: 3; the others have none.
    expect(interSpikeIntervals(STEPS)).toEqual({ first: 1, counts: [5, 1, 2, 0, 0] });
    expect(interSpikeIntervals(stepsOf(['1', '0'])).counts).toEqual([]);
  });

  it('know mean and standard deviation of counted values', () => {
    // 2, 4, 4, 4, 5, 5, 7, 9: the textbook's example, mean 5 and standard deviation 2.
    expect(momentsOfCounts({ first: 2, counts: [1, 0, 3, 2, 0, 1, 0, 1] })).toEqual({
      count: 8,
      mean: 5,
      standardDeviation: 2,
    });
    expect(momentsOfCounts({ first: 1, counts: [0, 0] })).toBeUndefined();
  });
});

describe('burstiness', () => {
  it('is −1 for regular firing, whatever the period', () => {
    expect(burstiness(interSpikeIntervals(stepsOf(['111111'])))).toBe(-1);
    expect(burstiness(interSpikeIntervals(stepsOf(['001001001'])))).toBe(-1);
  });

  it('is (σ − μ)/(σ + μ): intervals 1, 1, 1, 5 have μ = 2 and σ = √3', () => {
    expect(burstiness({ first: 1, counts: [3, 0, 0, 0, 1] })).toBeCloseTo(
      (Math.sqrt(3) - 2) / (Math.sqrt(3) + 2),
      12,
    );
  });

  it('is what theory says of neurons that fire by chance: geometric intervals, σ/μ = √(1 − p)', () => {
    const random = Random.fromSeed(41);
    const [steps, p] = [20_000, 0.2];
    const train = Array.from({ length: steps }, () => (random.uniform() < p ? 1 : 0));
    const ratio = Math.sqrt(1 - p);
    // Some 4000 intervals: the standard error of σ/μ is about 0.02, of B a quarter of it; 0.03 is six of them.
    const measured = burstiness(interSpikeIntervals(train.map((spike) => [spike])));
    expect(Math.abs((measured as number) - (ratio - 1) / (ratio + 1))).toBeLessThan(0.03);
  });

  it('nears 1 for a rare long silence between bursts', () => {
    const counts = Array.from({ length: 100_000 }, () => 0);
    counts[0] = 99_999;
    counts[99_999] = 1;
    // μ ≈ 2 and σ ≈ 316.
    expect(burstiness({ first: 1, counts })).toBeGreaterThan(0.98);
  });

  it('is not defined without intervals', () => {
    expect(burstiness(interSpikeIntervals(stepsOf(['0100', '0000'])))).toBeUndefined();
  });
});
