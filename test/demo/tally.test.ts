import { expect, test } from 'vitest';
import { type Answer, Tally, errorRates } from '#demo/tally.js';

const answer: Answer = {
  latencyMs: 2,
  batchSize: 4,
  dmrsSymbols: 1,
  bits: 100,
  errors: 10,
  lsErrors: 20,
  perfectErrors: 5,
};

test('rates, latencies and error rates follow from the answers', () => {
  const tally = new Tally();
  tally.start(1000);
  for (let i = 1; i <= 100; i++) tally.add({ ...answer, latencyMs: i }, 1000 + 20 * i);
  const figures = tally.figures();
  expect(figures).toMatchObject({ slots: 100, failures: 0, slotsPerSecond: 50, meanBatch: 4 });
  expect(figures).toMatchObject({ p50Ms: 50, p95Ms: 95, p99Ms: 99 });
  expect(figures).toMatchObject({ spikingRx: 0.1, lsLmmse: 0.2, perfectCsi: 0.05 });
});

test('error rates are kept by number of DMRS symbols, weighted by bits', () => {
  const tally = new Tally();
  tally.start(0);
  tally.add(answer, 1);
  tally.add({ ...answer, dmrsSymbols: 2, bits: 300, errors: 0 }, 2);
  expect([...tally.counts.keys()]).toEqual([1, 2]);
  expect(errorRates([...tally.counts.values()]).spikingRx).toBe(10 / 400);
});

test('a failed slot is counted and changes no error rate', () => {
  const tally = new Tally();
  tally.start(0);
  tally.add(answer, 1);
  tally.fail();
  expect(tally.figures()).toMatchObject({ slots: 1, failures: 1, spikingRx: 0.1 });
});
