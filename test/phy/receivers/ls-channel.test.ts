import { describe, it } from 'vitest';
import { dmrsGrid } from '#nr/dmrs.js';
import { dataMask } from '#nr/resource-map.js';
import { Random } from '#phy/random.js';
import { type LsOptions, lsChannel } from '#phy/receivers/ls-channel.js';
import { type ReceivedSlot, type Slot, type SlotConfig, simulateSlot, slotStatistics } from '#phy/slot.js';
import { expect } from '../../support/matchers.js';
import { DMRS, slotConfig } from '../helpers/slots.js';

const N_SC = 48;
const PLANE = 14 * N_SC;

/** Slots with a constant channel, at 3 dB. */
const flat = (scale: number) => slotConfig({ snrDb: 3, channel: 'rayleigh', dmrs: { ...DMRS, scale } });

/** Options for a receiver that knows the statistics. */
const known = (slot: Slot): LsOptions => ({ statistics: slotStatistics(slot) });

/** Mean squared error of LS at each RE over slots, `[nSym, nSc]`. */
function measuredErrors(
  config: SlotConfig,
  slots: number,
  optionsFor: (slot: Slot) => LsOptions,
): Float64Array {
  const rng = Random.fromSeed(`ls ${JSON.stringify(config)}`);
  const sums = new Float64Array(PLANE);
  for (let i = 0; i < slots; i++) {
    const slot = simulateSlot(config, rng);
    const { channel } = lsChannel(slot, optionsFor(slot));
    for (let k = 0; k < channel.length; k++) {
      const error = (channel[k] ?? 0) - (slot.channel[k] ?? 0);
      sums[k % PLANE] = (sums[k % PLANE] ?? 0) + error ** 2 / (2 * slots);
    }
  }
  return sums;
}

/** Linear in symbol and in subcarrier. */
function linearGain(l: number, k: number): readonly [number, number] {
  return [1 + 0.02 * k - 0.03 * l, -0.5 + 0.01 * k + 0.02 * l];
}

/** A slot without noise whose antenna gains are `h(symbol, subcarrier)`, complex. */
function noiselessSlot(h: (l: number, k: number) => readonly [number, number]): ReceivedSlot {
  const shape = { nRx: 1, nSym: 14, nSc: N_SC };
  const dmrs = dmrsGrid(DMRS, shape);
  const rxGrid = new Float32Array(2 * PLANE);
  for (let re = 0; re < PLANE; re++) {
    const [hr, hi] = h(Math.floor(re / N_SC), re % N_SC);
    const [pr, pi] = [dmrs[re] ?? 0, dmrs[PLANE + re] ?? 0];
    rxGrid[re] = hr * pr - hi * pi;
    rxGrid[PLANE + re] = hr * pi + hi * pr;
  }
  const mask = dataMask(dmrs, shape, DMRS);
  return { shape, rxGrid, dmrs, dataMask: mask, noiseVariance: 0, modulation: 'QPSK' };
}

describe('lsChannel', () => {
  it.each([1, Math.SQRT2, 2])('has the error variance N0/|p|² at pilots of amplitude %d', (scale) => {
    const slots = 600;
    const errors = measuredErrors(flat(scale), slots, () => ({}));
    const n0 = 10 ** -0.3;
    const mean = (l: number, first: number): number => {
      let sum = 0;
      let count = 0;
      for (let k = first; k < N_SC - 1; k += 2, count++) sum += errors[l * N_SC + k] ?? 0;
      return sum / count;
    };
    // 600 slots × 2 antennas × 24 pilots exponential errors: 5/√28800 = 3 %; interpolated ones overlap: 5 %.
    expect(Math.abs(mean(2, 0) / (n0 / scale ** 2) - 1)).toBeLessThan(0.03);
    // Between two pilots: the mean of two.
    expect(Math.abs(mean(2, 1) / (n0 / (2 * scale ** 2)) - 1)).toBeLessThan(0.05);
    // Symbol 5, a third of the way from 2 to 11: (2/3)² + (1/3)² = 5/9 of one symbol's variance.
    expect(Math.abs(mean(5, 0) / ((5 / 9) * (n0 / scale ** 2)) - 1)).toBeLessThan(0.04);
    expect(Math.abs(mean(5, 1) / ((5 / 18) * (n0 / scale ** 2)) - 1)).toBeLessThan(0.05);
    // Outside the pilots in time: as at the nearest DMRS symbol.
    expect(Math.abs(mean(0, 0) / mean(2, 0) - 1)).toBeLessThan(1e-6);
    expect(Math.abs(mean(13, 0) / mean(11, 0) - 1)).toBeLessThan(1e-6);
  });

  it.each(['nearest', 'linear'] as const)('predicts its error variance at every RE (%s)', (edge) => {
    const slots = 600;
    const errors = measuredErrors(flat(1), slots, () => ({ edge }));
    const { errorVariance } = lsChannel(simulateSlot(flat(1), Random.fromSeed(0)), { edge });
    // 1200 exponential errors an RE: deviation 2.9 %; five of them and a little for 672 REs.
    errors.forEach((error, re) => {
      expect(Math.abs(error / (errorVariance[re] ?? 0) - 1)).toBeLessThan(0.155);
    });
    // The last subcarrier lies outside: 1 or 1.5² + 0.5² times the variance of a pilot.
    const ratio = (errorVariance[2 * N_SC + 47] ?? 0) / (errorVariance[2 * N_SC + 46] ?? 0);
    expect(ratio).toBeCloseTo(edge === 'nearest' ? 1 : 2.5, 5);
  });

  it.each(['TDL-C', 'TDL-D'] as const)('predicts what interpolation costs on %s too', (profile) => {
    const slots = 500;
    const channel = { profile, delaySpreadSeconds: 300e-9, dopplerHz: 700 };
    for (const dmrs of [DMRS, { ...DMRS, configType: 2, symbolPositions: [3] } as const]) {
      const config = slotConfig({ snrDb: 15, channel, dmrs });
      const errors = measuredErrors(config, slots, known);
      const slot = simulateSlot(config, Random.fromSeed(0));
      const { errorVariance } = lsChannel(slot, known(slot));
      // 1000 exponential errors an RE: deviation 3.2 %; five of them for 672 REs.
      errors.forEach((error, re) => {
        expect(Math.abs(error / (errorVariance[re] ?? 0) - 1)).toBeLessThan(0.16);
      });
      // After the last pilots it is far from the noise's part alone.
      const noise = lsChannel(slot).errorVariance;
      expect(errorVariance[13 * N_SC] ?? 0).toBeGreaterThan(1.2 * (noise[13 * N_SC] ?? 1));
    }
  });

  it('with statistics of a flat channel counts the noise alone, and shrinks by it', () => {
    const slot = simulateSlot(flat(1), Random.fromSeed(1));
    const plain = lsChannel(slot);
    const wary = lsChannel(slot, known(slot));
    const noise = Array.from({ length: 2 * slot.shape.nRx }, () => [...plain.errorVariance]).flat();
    // float32
    const tolerance = { absolute: 1e-6, relative: 1e-6 };
    expect(wary.errorVariance).toBeAllClose(
      plain.errorVariance.map((v) => v / (1 + v)),
      tolerance,
    );
    expect(wary.channel).toBeAllClose(
      plain.channel.map((h, i) => h / (1 + (noise[i] ?? 0))),
      tolerance,
    );
  });

  it('is exact on a channel that is linear in frequency and time', () => {
    const { channel, errorVariance } = lsChannel(noiselessSlot(linearGain), { edge: 'linear' });
    for (let re = 0; re < PLANE; re++) {
      // Held constant before symbol 2 and after symbol 11.
      const l = Math.min(11, Math.max(2, Math.floor(re / N_SC)));
      const [hr, hi] = linearGain(l, re % N_SC);
      expect(Math.abs((channel[re] ?? 0) - hr)).toBeLessThan(1e-5);
      expect(Math.abs((channel[PLANE + re] ?? 0) - hi)).toBeLessThan(1e-5);
      expect(errorVariance[re]).toBe(0);
    }
  });

  it('holds the outermost pilot by default', () => {
    const { channel } = lsChannel(noiselessSlot((_, k) => [k, -k]));
    expect(channel[2 * N_SC + 45]).toBeCloseTo(45, 4);
    expect(channel[2 * N_SC + 46]).toBeCloseTo(46, 4);
    expect(channel[2 * N_SC + 47]).toBeCloseTo(46, 4);
    expect(channel[PLANE + 47]).toBeCloseTo(-46, 4);
  });

  it('works from a single pilot, and refuses none', () => {
    const slot = noiselessSlot(() => [2, 1]);
    const dmrs = new Float32Array(2 * PLANE);
    const pilot = 2 * N_SC + 10;
    dmrs[pilot] = slot.dmrs[pilot] ?? 0;
    dmrs[PLANE + pilot] = slot.dmrs[PLANE + pilot] ?? 0;
    const { channel } = lsChannel({ ...slot, dmrs });
    for (let re = 0; re < PLANE; re++) {
      expect(channel[re]).toBeCloseTo(2, 5);
      expect(channel[PLANE + re]).toBeCloseTo(1, 5);
    }
    expect(() => lsChannel({ ...slot, dmrs: new Float32Array(2 * PLANE) })).toThrow(
      'dmrs: expected at least one pilot, received none',
    );
  });
});
