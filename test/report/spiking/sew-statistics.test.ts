import { describe, expect, it } from 'vitest';
import { blockOutput, blockStatistics } from '#report/spiking/sew-statistics.js';

/** Two channels of two resource elements. */
const STEP = { spikes: Float32Array.of(1, 0, 1, 0), input: Float32Array.of(2, 1, 0, 0) };

describe('a SEW block', () => {
  it('adds, ands and iands', () => {
    expect([...blockOutput(STEP, 'add')]).toEqual([3, 1, 1, 0]);
    expect([...blockOutput(STEP, 'and')]).toEqual([2, 0, 0, 0]);
    expect([...blockOutput(STEP, 'iand')]).toEqual([0, 1, 0, 0]);
  });

  it('is described by its activity, its output and what the shortcut brings', () => {
    expect(blockStatistics(STEP, 'add', 2)).toEqual({
      activity: 0.5,
      shortcutMean: 0.75,
      outputMean: 1.25,
      // 3, 1, 1, 0 around 1.25: (3.0625 + 0.0625 + 0.0625 + 1.5625) / 4.
      outputStandardDeviation: Math.sqrt(1.1875),
      shortcutShare: 0.6,
      channelVariance: [1, 0.25],
    });
  });

  it('says what a gate lets through', () => {
    expect(blockStatistics(STEP, 'and', 2).shortcutShare).toBeCloseTo(2 / 3, 12);
    expect(blockStatistics(STEP, 'iand', 2).shortcutShare).toBeCloseTo(1 / 3, 12);
    const silent = { spikes: new Float32Array(4), input: new Float32Array(4) };
    expect(blockStatistics(silent, 'add', 2).shortcutShare).toBeUndefined();
  });
});
