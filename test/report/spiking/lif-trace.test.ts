import { describe, expect, it } from 'vitest';
import { Random } from '#phy/random.js';
import { syntheticCurrents, traceOf } from '#report/spiking/lif-trace.js';

const SETTINGS = { beta: 0.9, threshold: 2 };
const constant = (current: number, steps: number) => Array.from({ length: steps }, () => current);

describe('the trace of a neuron', () => {
  it('charges towards a constant current as I·(1 − βⁿ) while it does not fire', () => {
    const { charged, spikes } = traceOf(constant(1.9, 60), SETTINGS);
    charged.forEach((u, n) => expect(u).toBeCloseTo(1.9 * (1 - 0.9 ** (n + 1)), 12));
    expect(spikes).not.toContain(1);
  });

  it.each([2.1, 3, 5, 12, 25])('fires first when I·(1 − βⁿ) reaches θ: I = %d', (current) => {
    const { spikes } = traceOf(constant(current, 200), SETTINGS);
    const expected = Math.max(1, Math.ceil(Math.log(1 - SETTINGS.threshold / current) / Math.log(0.9)));
    expect(spikes.indexOf(1) + 1).toBe(expected);
  });

  it('loses θ with each spike, which is not a reset to zero', () => {
    const { charged, rest, spikes } = traceOf([30, 0, 40], { beta: 0.5, threshold: 4 });
    // 15 − 4 = 11; 5.5 − 4 = 1.5; 0.75 + 20 − 4.
    expect(charged).toEqual([15, 5.5, 20.75]);
    expect(rest).toEqual([11, 1.5, 16.75]);
    expect(spikes).toEqual([1, 1, 1]);
  });
});

describe('made-up currents', () => {
  it('each make a neuron fire, the noise though its mean would not', () => {
    const currents = syntheticCurrents(60, SETTINGS.threshold, Random.fromSeed(3));
    const fired = currents.map(({ current }) => traceOf(current, SETTINGS).spikes.filter(Boolean).length);
    expect(fired.every((spikes) => spikes > 0 && spikes < 60)).toBe(true);
    expect(traceOf(constant(0.9 * SETTINGS.threshold, 60), SETTINGS).spikes).not.toContain(1);
  });
});
