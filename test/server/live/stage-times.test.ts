import { expect, test } from 'vitest';
import { StageTimes } from '#server/live/stage-times.js';
import { Random } from '#phy/random.js';

/** The value at or below which `share` of the sorted values are. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1]!;
}

test('quantiles are those of the sorted times, to within 1 %', () => {
  const random = Random.fromSeed(5);
  const times = new StageTimes();
  // Log-normal over five decades, as latencies are.
  const values = Array.from({ length: 20_000 }, () => Math.exp(1 + 2 * random.normal()));
  for (const value of values) times.add(value);
  const sorted = values.toSorted((a, b) => a - b);
  const { p50Ms, p90Ms, p99Ms, maxMs } = times.take()!;
  for (const [found, exact] of [
    [p50Ms, quantile(sorted, 0.5)],
    [p90Ms, quantile(sorted, 0.9)],
    [p99Ms, quantile(sorted, 0.99)],
    [maxMs, quantile(sorted, 1)],
  ] as const)
    expect(Math.abs(found / exact - 1)).toBeLessThan(0.01);
});

test('each period begins anew; without times there is nothing to tell', () => {
  const times = new StageTimes();
  expect(times.take()).toBeUndefined();
  times.add(50);
  expect(times.take()?.maxMs).toBeCloseTo(50, 0);
  times.add(0);
  times.add(1e12);
  const { p50Ms, maxMs } = times.take()!;
  expect(p50Ms).toBe(0.001);
  // What is longer than a thousand seconds counts as so long.
  expect(maxMs / 1e6).toBeCloseTo(1, 1);
  expect(times.take()).toBeUndefined();
});
