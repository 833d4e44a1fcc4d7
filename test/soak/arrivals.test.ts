import { describe, expect, test } from 'vitest';
import { Random } from '#phy/random.js';
import { type Arrivals, arrivalTimes, gridsPerSecond, shareOf, type SlotArrivals } from '#soak/arrivals.js';

function firstTimes(arrivals: Arrivals, count: number, seed = 1): number[] {
  const times: number[] = [];
  for (const time of arrivalTimes(arrivals, Random.fromSeed(seed))) {
    times.push(time);
    if (times.length === count) break;
  }
  return times;
}

const SLOTS: SlotArrivals = {
  kind: 'slots',
  numerology: 1,
  cells: 3,
  everySlots: 5,
  jitterMs: 0,
  phase: 'aligned',
};

describe('Poisson arrivals', () => {
  test('have the rate asked for, and gaps with the spread of an exponential', () => {
    const times = firstTimes({ kind: 'poisson', gridsPerSecond: 200 }, 20_000);
    const gaps = times.map((time, i) => time - (times[i - 1] ?? 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    // Of 20,000 gaps: standard errors of 0.7 % and 1.4 %.
    expect(mean).toBeGreaterThan(5 * 0.97);
    expect(mean).toBeLessThan(5 * 1.03);
    expect(Math.sqrt(variance) / mean).toBeGreaterThan(0.94);
    expect(Math.sqrt(variance) / mean).toBeLessThan(1.06);
  });

  test('follow from the seed', () => {
    const arrivals = { kind: 'poisson', gridsPerSecond: 10 } as const;
    expect(firstTimes(arrivals, 9)).toEqual(firstTimes(arrivals, 9));
    expect(firstTimes(arrivals, 9)).not.toEqual(firstTimes(arrivals, 9, 2));
  });
});

describe('arrivals in slots', () => {
  test('all cells at once, every fifth slot of half a millisecond', () => {
    expect(firstTimes(SLOTS, 7)).toEqual([0, 0, 0, 2.5, 2.5, 2.5, 5]);
    expect(gridsPerSecond(SLOTS)).toBe(1200);
  });

  test('spread cells keep their phases', () => {
    const times = firstTimes({ ...SLOTS, phase: 'spread' }, 6);
    expect(new Set(times.slice(0, 3)).size).toBe(3);
    for (const i of [0, 1, 2]) expect(times[i + 3]).toBeCloseTo(times[i]! + 2.5, 9);
  });

  test('jitter delays, longer than a period too, and times still ascend', () => {
    const times = firstTimes({ ...SLOTS, jitterMs: 7 }, 600);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const late = times.map((time, i) => time - 2.5 * Math.floor(i / 3));
    expect(Math.max(...late)).toBeGreaterThan(2.5);
    expect(times.at(-1)).toBeLessThan(2.5 * 200 + 7);
  });

  test('threads share the cells', () => {
    const shares = [0, 1].map((index) => shareOf(SLOTS, index, 2));
    expect(shares.map((one) => (one as SlotArrivals).cells)).toEqual([2, 1]);
    expect(gridsPerSecond(shareOf({ kind: 'poisson', gridsPerSecond: 9 }, 0, 3))).toBe(3);
  });
});
