import { describe, expect, it } from 'vitest';
import type { DmrsConfig } from '#nr/dmrs.js';
import type { ChannelConfig } from '#phy/channel.js';
import { estimateNoise } from '#phy/noise-estimate.js';
import { Random } from '#phy/random.js';
import { type Slot, simulateSlot } from '#phy/slot.js';
import { DMRS, slotConfig } from './helpers/slots.js';

const NOISELESS_DB = 200;

function draw(
  seed: number,
  snrDb: number,
  change: { channel?: ChannelConfig; dmrs?: Partial<DmrsConfig>; nPrb?: number; nRx?: number } = {},
): Slot {
  const { dmrs, ...rest } = { channel: 'rayleigh' as const, ...change };
  return simulateSlot(slotConfig({ snrDb, ...rest, dmrs: { ...DMRS, ...dmrs } }), Random.fromSeed(seed));
}

/** Mean estimate over slots, over the true N0. */
function meanRatio(slots: number, snrDb: number, change: Parameters<typeof draw>[2]): number {
  let sum = 0;
  for (let seed = 1; seed <= slots; seed++) {
    const slot = draw(seed, snrDb, change);
    sum += estimateNoise(slot).noiseVariance / slot.noiseVariance;
  }
  return sum / slots;
}

describe('noise variance from the pilots', () => {
  // A slot of 4 PRB, 2 antennas and 2 symbols has 88 residuals, each of which shares pilots with two others: its
  // estimate has a relative deviation below 0.2, the mean of 200 below 0.015. Five of these: odds below 1e-6.
  it.each<[string, Parameters<typeof draw>[2]]>([
    ['type 1', {}],
    ['type 1, odd port', { dmrs: { port: 1 } }],
    ['type 2, unevenly spaced', { dmrs: { configType: 2 } }],
    ['pilots of another power', { dmrs: { scale: Math.SQRT2 } }],
  ])('is right on average in a flat channel: %s', (_name, change) => {
    for (const snrDb of [-5, 20]) expect(Math.abs(meanRatio(200, snrDb, change) - 1)).toBeLessThan(0.075);
  });

  it.each([
    ['TDL-A', -30],
    ['TDL-B', -30],
    ['TDL-C', -30],
    ['TDL-D', -25],
    ['TDL-E', -25],
  ] as const)('takes %s of 300 ns for noise at %s dB of the signal, at most', (profile, mostDb) => {
    const channel = { profile, delaySpreadSeconds: 300e-9, dopplerHz: 0 };
    let [noise, energy] = [0, 0];
    for (let seed = 1; seed <= 100; seed++) {
      const slot = draw(seed, NOISELESS_DB, { channel });
      noise += estimateNoise(slot).noiseVariance;
      energy += slot.channel.reduce((sum, gain) => sum + gain * gain, 0) / (slot.channel.length / 2);
    }
    expect(10 * Math.log10(noise / energy)).toBeLessThan(mostDb);
  });

  it('finds the SNR, whatever the gain of the receiver', () => {
    const slot = draw(3, 12, { channel: 'awgn', nPrb: 50 });
    const loud = { ...slot, rxGrid: slot.rxGrid.map((value) => 300 * value) };
    const { noiseVariance, snrDb } = estimateNoise(loud);
    expect(noiseVariance / estimateNoise(slot).noiseVariance).toBeCloseTo(9e4, 0);
    expect(snrDb).toBeCloseTo(12, 0);
  });

  it('stays positive without noise, and refuses silence and too few pilots', () => {
    const clean = draw(1, NOISELESS_DB, { channel: 'awgn' });
    // float32 samples: residuals of their rounding are below the least share of 1e-9.
    expect(estimateNoise(clean).noiseVariance).toBeCloseTo(1e-9, 12);
    const silent = { ...clean, rxGrid: new Float32Array(clean.rxGrid.length) };
    expect(() => estimateNoise(silent)).toThrow('rxGrid: expected a signal at the pilots');
    const bare = { ...clean, dmrs: clean.dmrs.map((value, i) => (i % 48 < 4 ? value : 0)) };
    expect(() => estimateNoise(bare)).toThrow('dmrs: expected a symbol with three pilots');
  });
});
