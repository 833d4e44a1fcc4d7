import { describe, expect, test } from 'vitest';
import type { DmrsConfig } from '#nr/dmrs.js';
import { Random } from '#phy/random.js';
import { simulateSlot, type Slot, type SlotConfig } from '#phy/slot.js';
import { SnrEstimator } from '#server/snr-estimate.js';

const DMRS: DmrsConfig = {
  configType: 1,
  symbolPositions: [2, 11],
  nId: 42,
  nScid: 0,
  slot: 7,
  cdmGroupsWithoutData: 2,
};

interface Change extends Omit<Partial<SlotConfig>, 'dmrs'> {
  readonly dmrs?: Partial<DmrsConfig>;
}

function draw(seed: number, { dmrs, ...change }: Change): Slot {
  const config = {
    modulation: 'QPSK',
    nRx: 2,
    nPrb: 25,
    snrDb: 10,
    channel: { profile: 'TDL-C', delaySpreadSeconds: 300e-9, dopplerHz: 100 },
    ...change,
    dmrs: { ...DMRS, ...dmrs },
  } satisfies SlotConfig;
  return simulateSlot(config, Random.fromSeed(seed));
}

function estimate({ dmrs, rxGrid, shape }: Slot): number | undefined {
  return new SnrEstimator(dmrs, shape).estimate(rxGrid, shape);
}

/** Mean and deviation of estimate − truth, dB; the truth is that of the slot, as its channel was drawn. */
function errors(slots: number, change: Change): { readonly bias: number; readonly deviation: number } {
  const differences = Array.from({ length: slots }, (_, i) => {
    const slot = draw(i + 1, change);
    const energy = slot.channel.reduce((sum, gain) => sum + gain * gain, 0) / (slot.channel.length / 2);
    return estimate(slot)! - 10 * Math.log10(energy / slot.noiseVariance);
  });
  const bias = differences.reduce((sum, one) => sum + one, 0) / slots;
  const squares = differences.reduce((sum, one) => sum + (one - bias) ** 2, 0);
  return { bias, deviation: Math.sqrt(squares / slots) };
}

const tdl = (profile: 'TDL-A' | 'TDL-C' | 'TDL-D' | 'TDL-E', delaySpreadSeconds: number) => ({
  channel: { profile, delaySpreadSeconds, dopplerHz: 100 },
});

describe('SNR from the pilots', () => {
  // 25 PRB, 2 antennas: 256 differences, so that a single estimate deviates by 0.3 to 0.7 dB (measured, 0 to 20 dB).
  // The mean of 40 then deviates by at most 0.11 dB; with the bias of 0.2 dB at most it is within 0.75 dB at odds
  // below 1e-6, and the deviation of 40 below 1.1 dB.
  test.each<[string, Change]>([
    ['TDL-A, 100 ns', tdl('TDL-A', 100e-9)],
    ['TDL-C, 300 ns', tdl('TDL-C', 300e-9)],
    ['TDL-D, 300 ns', tdl('TDL-D', 300e-9)],
    ['type 2, whose pilots are unevenly spaced', { dmrs: { configType: 2 } }],
    ['pilots of another power', { dmrs: { scale: Math.SQRT2 } }],
  ])('is right from 0 to 20 dB: %s', (_name, change) => {
    for (const snrDb of [0, 10, 20]) {
      const { bias, deviation } = errors(40, { ...change, snrDb });
      expect(Math.abs(bias)).toBeLessThan(0.75);
      expect(deviation).toBeLessThan(1.1);
    }
  });

  // 4 PRB: 80 differences that share pilots; a deviation of 1 dB (measured), and 0.16 dB of the mean of 40.
  test('on four resource blocks within a decibel or so', () => {
    const { bias, deviation } = errors(40, { nPrb: 4, ...tdl('TDL-A', 100e-9) });
    expect(Math.abs(bias)).toBeLessThan(1);
    expect(deviation).toBeLessThan(1.7);
  });

  test('tells −5 dB from 5 dB, and long echoes hold it below about 25 dB', () => {
    expect(errors(40, { snrDb: -5 }).bias).toBeGreaterThan(-2);
    expect(errors(40, { snrDb: -5 }).bias).toBeLessThan(2);
    const { bias } = errors(40, { snrDb: 40, ...tdl('TDL-E', 300e-9) });
    expect(40 + bias).toBeGreaterThan(20);
    expect(40 + bias).toBeLessThan(35);
  });

  test('does not depend on the gain of the receiver', () => {
    const slot = draw(1, {});
    const scaled = { ...slot, rxGrid: slot.rxGrid.map((x) => x * 4096) };
    expect(estimate(scaled)).toBeCloseTo(estimate(slot)!, 6);
  });

  test('stays within its range: without noise, without signal', () => {
    expect(estimate(draw(1, { snrDb: 200, channel: 'awgn' }))).toBe(60);
    const slot = draw(1, {});
    const random = Random.fromSeed(5);
    for (let seed = 0; seed < 10; seed++) {
      const noise = { ...slot, rxGrid: slot.rxGrid.map(() => random.normal()) };
      expect(estimate(noise)).toBeGreaterThanOrEqual(-20);
      expect(estimate(noise)).toBeLessThan(-5);
    }
  });

  test('is not given where no symbol has five pilots', () => {
    const shape = { nRx: 1, nSym: 2, nSc: 12 };
    const dmrs = new Float32Array(2 * 24);
    for (const at of [0, 3, 6, 9, 12, 15, 18]) dmrs[at] = 1;
    expect(new SnrEstimator(dmrs, shape).estimate(new Float32Array(48).fill(1), shape)).toBeUndefined();
    dmrs[10] = 1;
    expect(new SnrEstimator(dmrs, shape).estimate(new Float32Array(48).fill(1), shape)).toBeTypeOf('number');
  });
});
