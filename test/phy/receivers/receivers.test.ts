import { describe, expect, it } from 'vitest';
import { MODULATIONS } from '#nr/qam.js';
import { codewordOrder } from '#nr/resource-map.js';
import { bitErrors } from '#phy/metrics.js';
import { Random } from '#phy/random.js';
import { combine } from '#phy/receivers/combine.js';
import { lsLmmseReceiver, perfectCsiReceiver } from '#phy/receivers/index.js';
import { type Slot, type SlotConfig, simulateSlot } from '#phy/slot.js';
import { DMRS, slotConfig } from '../helpers/slots.js';

type Receiver = (slot: Slot) => Float32Array;

function bitErrorRates(config: SlotConfig, slots: number, receivers: readonly Receiver[]): number[] {
  const rng = Random.fromSeed(77);
  const errors = receivers.map(() => 0);
  let bits = 0;
  for (let i = 0; i < slots; i++) {
    const slot = simulateSlot(config, rng);
    bits += slot.bits.length;
    receivers.forEach((receive, r) => {
      errors[r] = (errors[r] ?? 0) + bitErrors(receive(slot), slot.bits);
    });
  }
  return errors.map((count) => count / bits);
}

describe('combine', () => {
  it('is unbiased with the noise variance it states', () => {
    const slot = simulateSlot(
      slotConfig({ snrDb: 5, nPrb: 50, channel: 'rayleigh-iid' }),
      Random.fromSeed(1),
    );
    const { symbols, noiseVariance } = combine(slot, slot.channel);
    const n = noiseVariance.length;
    let bias = 0;
    let normalised = 0;
    for (let i = 0; i < n; i++) {
      const re = (1 - 2 * (slot.bits[2 * i] ?? 0)) * Math.SQRT1_2;
      const im = (1 - 2 * (slot.bits[2 * i + 1] ?? 0)) * Math.SQRT1_2;
      const [er, ei] = [(symbols[i] ?? 0) - re, (symbols[n + i] ?? 0) - im];
      const variance = noiseVariance[i] ?? 1;
      bias += (er * re + ei * im) / Math.sqrt(variance) / n;
      normalised += (er * er + ei * ei) / variance / n;
    }
    expect(Math.abs(normalised - 1)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(bias)).toBeLessThan(5 / Math.sqrt(2 * n));
  });

  it('adds the error of the channel estimate, and erases REs without gain', () => {
    const slot = simulateSlot(slotConfig(), Random.fromSeed(2));
    const plain = combine(slot, slot.channel);
    const errorVariance = new Float32Array(slot.dataMask.length).fill(slot.noiseVariance);
    const wary = combine(slot, slot.channel, errorVariance);
    expect(wary.symbols).toEqual(plain.symbols);
    wary.noiseVariance.forEach((v, i) => expect(v / (plain.noiseVariance[i] ?? 0)).toBeCloseTo(2, 5));
    const none = combine(slot, new Float32Array(slot.channel.length));
    expect(none.symbols.every((x) => x === 0)).toBe(true);
    expect(none.noiseVariance.every((v) => v > 1e18)).toBe(true);
  });
});

describe('receivers', () => {
  it.each(MODULATIONS)('return %s LLRs in codeword order that decide every bit at 60 dB', (modulation) => {
    const channel = { profile: 'TDL-D', delaySpreadSeconds: 10e-9, dopplerHz: 0 } as const;
    const slot = simulateSlot(slotConfig({ modulation, snrDb: 60, channel }), Random.fromSeed(3));
    for (const llrs of [lsLmmseReceiver(slot), perfectCsiReceiver(slot)]) {
      expect(llrs.length).toBe(slot.bits.length);
      expect(bitErrors(llrs, slot.bits)).toBe(0);
      expect(llrs.every(Number.isFinite)).toBe(true);
    }
    expect(slot.bits.length % codewordOrder(slot.dataMask).length).toBe(0);
  });

  it('state probabilities: of bits with LLR near L, 1/(1 + e^L) are ones', () => {
    const config = slotConfig({ modulation: '16QAM', snrDb: 8, channel: 'rayleigh' });
    const rng = Random.fromSeed(8);
    const bins = new Map<number, { ones: number; count: number; expected: number }>();
    for (let i = 0; i < 400; i++) {
      const slot = simulateSlot(config, rng);
      perfectCsiReceiver(slot).forEach((llr, b) => {
        const key = Math.round(llr);
        if (Math.abs(key) > 4) return;
        const bin = bins.get(key) ?? { ones: 0, count: 0, expected: 0 };
        bin.ones += slot.bits[b] ?? 0;
        bin.count += 1;
        bin.expected += 1 / (1 + Math.exp(llr));
        bins.set(key, bin);
      });
    }
    expect(bins.size).toBe(9);
    for (const { ones, count, expected } of bins.values()) {
      const deviation = Math.sqrt(count * (expected / count) * (1 - expected / count));
      expect(Math.abs(ones - expected)).toBeLessThan(5 * deviation);
    }
  });

  it('rank as they should: perfect CSI, two DMRS symbols, one', () => {
    const fast = { profile: 'TDL-C', delaySpreadSeconds: 100e-9, dopplerHz: 400 } as const;
    const base = slotConfig({ snrDb: 10, channel: fast });
    const [two = 1, perfect = 1] = bitErrorRates(base, 150, [
      (s) => lsLmmseReceiver(s),
      (s) => perfectCsiReceiver(s),
    ]);
    const single = { ...base, dmrs: { ...DMRS, symbolPositions: [2] } };
    const [one = 0] = bitErrorRates(single, 150, [(s) => lsLmmseReceiver(s)]);
    expect(perfect).toBeGreaterThan(0);
    expect(two).toBeGreaterThan(1.2 * perfect);
    expect(one).toBeGreaterThan(1.5 * two);
  });

  it('does better with stronger pilots', () => {
    const base = slotConfig({ snrDb: 4, channel: 'rayleigh' });
    const boosted = { ...base, dmrs: { ...DMRS, scale: Math.SQRT2 } };
    const [weak = 0] = bitErrorRates(base, 300, [(s) => lsLmmseReceiver(s)]);
    const [strong = 1] = bitErrorRates(boosted, 300, [(s) => lsLmmseReceiver(s)]);
    expect(strong).toBeLessThan(0.95 * weak);
  });
});
