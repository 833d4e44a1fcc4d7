import { expect, test } from 'vitest';
import { Meter } from '#bench/meter.js';
import { mean, median, quantile } from '#bench/statistics.js';
import { vectorFlags } from '#bench/machine.js';

test('quantiles by nearest rank', () => {
  const values = [4, 1, 3, 2];
  expect([0, 0.25, 0.26, 0.5, 0.99, 1].map((q) => quantile(values, q))).toEqual([1, 1, 2, 2, 4, 4]);
  expect(quantile([], 0.5)).toBeNaN();
  expect(() => quantile(values, 1.1)).toThrow(RangeError);
});

test('median and mean', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
  expect(mean([1, 2, 6])).toBe(3);
});

test('the meter counts answers in its window, and keeps late answers of grids that began in it', () => {
  const meter = new Meter(1000, 2000);
  meter.answered(900, 8, 999); // before the window
  meter.answered(990, 8, 1010); // began before, answered within: counts for the rate only
  meter.answered(1500, 4, 1600);
  meter.answered(1900, 4, 2400); // late: its latency must not get lost
  meter.failed();
  const figures = meter.figures();
  expect(figures).toEqual({ gridsPerSecond: 2, meanBatch: 4, failures: 1, p50Ms: 100, p99Ms: 500 });
});

test('vector extensions are read from the form of /proc/cpuinfo', () => {
  expect(vectorFlags('processor : 0\nflags\t\t: fpu avx2 fma avx512f\nbugs:')).toEqual([
    'avx2',
    'fma',
    'avx512f',
  ]);
  expect(vectorFlags('Features : fp asimd sve')).toEqual(['asimd', 'sve']);
  expect(vectorFlags('')).toEqual([]);
});
