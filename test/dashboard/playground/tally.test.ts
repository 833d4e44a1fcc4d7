import { expect, it } from 'vitest';
import { leastRate } from '#dashboard/playground/charts.js';
import { ErrorTally } from '#dashboard/playground/tally.js';

const slotOf = (a: number, b: number) => ({
  bits: 1000,
  errors: new Map([
    ['a', a],
    ['b', b],
  ]),
});

const rate = (errors: number, ber: number, high: number) => ({ errors, ber, interval: [0, high] as const });

it('counts apart for each SNR, and a slot once', () => {
  const tally = new ErrorTally();
  tally.under('x');
  tally.add(10, 1, slotOf(10, 0));
  tally.add(10, 1, slotOf(10, 0));
  tally.add(10, 2, slotOf(30, 0));
  tally.add(-3.5, 1, slotOf(400, 1));
  expect(tally.snrs).toEqual([-3.5, 10]);
  const [a, b] = tally.at(10);
  expect(a).toMatchObject({ receiver: 'a', slots: 2, bits: 2000, errors: 40, ber: 0.02 });
  // Two slots with rates 0.01 and 0.03: standard error 0.01 by the linearised ratio, times 1.96.
  expect(a?.interval[0]).toBeCloseTo(0.0004, 5);
  expect(a?.interval[1]).toBeCloseTo(0.0396, 5);
  // No error in 2000 bits: Wilson's upper end, z²/(n + z²).
  expect(b?.interval[0]).toBe(0);
  expect(b?.interval[1]).toBeCloseTo(3.8415 / 2003.8415, 6);
  expect(tally.at(3)).toEqual([]);
});

it('forgets what was counted under other conditions', () => {
  const tally = new ErrorTally();
  tally.under('x');
  tally.add(10, 1, slotOf(1, 1));
  tally.under('x');
  expect(tally.snrs).toEqual([10]);
  tally.under('y');
  expect(tally.snrs).toEqual([]);
});

it('is drawn from a power of ten below the smallest rate, or below where the interval of none ends', () => {
  expect(leastRate([])).toBe(1e-2);
  expect(leastRate([rate(400, 0.4, 0.5)])).toBe(1e-2);
  expect(leastRate([rate(4, 4e-4, 1e-3), rate(400, 0.4, 0.5)])).toBeCloseTo(1e-4, 12);
  expect(leastRate([rate(2, 2e-4, 1e-3)])).toBeCloseTo(1e-5, 12);
  expect(leastRate([rate(0, 0, 1e-6)])).toBeCloseTo(1e-7, 12);
});
