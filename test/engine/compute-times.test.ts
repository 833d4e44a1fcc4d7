import { describe, expect, it } from 'vitest';
import { ComputeTimes } from '#engine/compute-times.js';
import { WorkerClock } from '#engine/worker-clock.js';
import { Random } from '#phy/random.js';

/** A model that takes 2 ms a batch and 1 ms for every 1000 resource elements, give or take 5 %. */
function measured(times: ComputeTimes, batches: number, factor = 1): void {
  const random = Random.fromSeed(3);
  for (let i = 0; i < batches; i += 1) {
    const elements = 1000 * (1 + Math.floor(16 * random.uniform()));
    const noise = 1 + 0.05 * (2 * random.uniform() - 1);
    times.observe('m', elements, factor * noise * (2 + elements / 1000));
  }
}

describe('ComputeTimes', () => {
  it('knows nothing of what has not run', () => {
    expect(new ComputeTimes().expectedMs('m', 1000)).toBe(0);
  });

  it('takes time as proportional while all batches have one size', () => {
    const times = new ComputeTimes();
    for (let i = 0; i < 5; i += 1) times.observe('m', 1000, 3);
    expect(times.expectedMs('m', 1000)).toBeCloseTo(3, 9);
    expect(times.expectedMs('m', 4000)).toBeCloseTo(12, 9);
  });

  // Noise of 5 % over some twenty batches leaves about 2 % in the middle of the line and twice that at its ends.
  it.each([1000, 8000, 16_000, 32_000])(
    'finds what a batch and its elements cost: %i elements',
    (elements) => {
      const times = new ComputeTimes();
      measured(times, 200);
      const truth = 2 + elements / 1000;
      expect(Math.abs(times.expectedMs('m', elements) / truth - 1)).toBeLessThan(0.15);
    },
  );

  it('follows a model that becomes slower, and is not misled by a pause', () => {
    const times = new ComputeTimes();
    measured(times, 200);
    times.observe('m', 8000, 1000);
    expect(times.expectedMs('m', 8000)).toBeLessThan(13);
    measured(times, 100, 3);
    expect(times.expectedMs('m', 8000)).toBeGreaterThan(27);
    expect(times.expectedMs('m', 8000)).toBeLessThan(33);
  });

  it('never expects more of a smaller batch, nor less than nothing', () => {
    const times = new ComputeTimes();
    for (let i = 0; i < 30; i += 1) times.observe('m', 1000 + 100 * (i % 2), i % 2 === 0 ? 5 : 3);
    expect(times.expectedMs('m', 10)).toBeGreaterThanOrEqual(0);
    expect(times.expectedMs('m', 900)).toBeLessThanOrEqual(times.expectedMs('m', 1200));
  });
});

describe('WorkerClock', () => {
  it('adds up what is in the worker', () => {
    const clock = new WorkerClock();
    expect(clock.freeMs(100)).toBe(100);
    clock.batchSent(10, 100);
    clock.batchSent(5, 102);
    expect(clock.freeMs(103)).toBe(115);
    expect(clock.freeMs(112)).toBe(117); // late already: it must end at any moment
    expect(clock.batchEnded(113)).toBe(13);
    expect(clock.freeMs(114)).toBe(118);
    expect(clock.batchEnded(120)).toBe(7);
    expect(clock.freeMs(121)).toBe(121);
  });
});
