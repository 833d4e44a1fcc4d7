import { describe, expect, it } from 'vitest';
import type { DmrsConfig } from '#nr/dmrs.js';
import { MODULATIONS, modulate } from '#nr/qam.js';
import { codewordOrder } from '#nr/resource-map.js';
import { bitErrors } from '#phy/metrics.js';
import { Random } from '#phy/random.js';
import { dataReCount, type Slot, type SlotConfig, simulateSlot } from '#phy/slot.js';
import { DMRS, slotConfig } from './helpers/slots.js';

function draw(seed: number): Slot {
  return simulateSlot(slotConfig(), Random.fromSeed(seed));
}

describe('simulateSlot', () => {
  it('has the shapes of the conventions', () => {
    const slot = simulateSlot(
      slotConfig({ nRx: 3, nPrb: 5, nSym: 12, modulation: '64QAM' }),
      Random.fromSeed(1),
    );
    const plane = 12 * 60;
    expect(slot.shape).toEqual({ nRx: 3, nSym: 12, nSc: 60 });
    expect(slot.rxGrid.length).toBe(6 * plane);
    expect(slot.channel.length).toBe(6 * plane);
    expect(slot.dmrs.length).toBe(2 * plane);
    expect(slot.dataMask.length).toBe(plane);
    expect(slot.bits.length).toBe(10 * 60 * 6);
    expect(slot.noiseVariance).toBeCloseTo(0.1, 12);
  });

  it('is a function of configuration and seed', () => {
    const slot = draw(5);
    expect(draw(5)).toEqual(slot);
    const other = draw(6);
    expect(other.rxGrid).not.toEqual(slot.rxGrid);
    expect(other.bits).not.toEqual(slot.bits);
    expect(other.channel).not.toEqual(slot.channel);
    expect(other.dmrs).toEqual(slot.dmrs);
    const rng = Random.fromSeed(5);
    simulateSlot(slotConfig(), rng);
    expect(simulateSlot(slotConfig(), rng).bits).not.toEqual(slot.bits);
  });

  it.each(MODULATIONS)('receives h·x + noise with %s data in codeword order', (modulation) => {
    const slot = simulateSlot(slotConfig({ modulation, snrDb: 100 }), Random.fromSeed(2));
    const order = codewordOrder(slot.dataMask);
    const symbols = modulate(slot.bits, modulation);
    const plane = slot.dataMask.length;
    const tx = Float32Array.from(slot.dmrs);
    order.forEach((re, i) => {
      tx[re] = symbols[i] ?? 0;
      tx[plane + re] = symbols[order.length + i] ?? 0;
    });
    for (let rx = 0; rx < 2; rx++) {
      for (let re = 0; re < plane; re++) {
        const [hr, hi] = [
          slot.channel[2 * rx * plane + re] ?? 0,
          slot.channel[(2 * rx + 1) * plane + re] ?? 0,
        ];
        const [xr, xi] = [tx[re] ?? 0, tx[plane + re] ?? 0];
        // Noise of −100 dB: five deviations are 4e-5.
        expect(Math.abs((slot.rxGrid[2 * rx * plane + re] ?? 0) - (hr * xr - hi * xi))).toBeLessThan(6e-5);
        expect(Math.abs((slot.rxGrid[(2 * rx + 1) * plane + re] ?? 0) - (hr * xi + hi * xr))).toBeLessThan(
          6e-5,
        );
      }
    }
  });

  it.each<[string, SlotConfig['channel']]>([
    ['TDL-B', { profile: 'TDL-B', delaySpreadSeconds: 300e-9, dopplerHz: 400 }],
    ['TDL-E', { profile: 'TDL-E', delaySpreadSeconds: 30e-9, dopplerHz: 10 }],
    ['TDL-C300', { profile: 'TDL-C300', dopplerHz: 100 }],
    ['rayleigh', 'rayleigh'],
    ['rayleigh-iid', 'rayleigh-iid'],
    ['awgn', 'awgn'],
  ])('has the stated SNR per RE and antenna on average: %s', (_, channel) => {
    const rng = Random.fromSeed(4);
    const slots = 1500;
    let signal = 0;
    let noise = 0;
    for (let i = 0; i < slots; i++) {
      const slot = simulateSlot(slotConfig({ nPrb: 1, snrDb: 6, channel, dmrs: { ...DMRS, scale: 2 } }), rng);
      const plane = slot.dataMask.length;
      const quiet = 2 * 12 + 1; // reserved, no pilot: noise only
      for (let rx = 0; rx < 4; rx++) noise += (slot.rxGrid[rx * plane + quiet] ?? 0) ** 2 / (2 * slots);
      for (let k = 0; k < slot.channel.length; k++)
        signal += (slot.channel[k] ?? 0) ** 2 / (2 * plane * slots);
    }
    // Noise: mean of 3000 exponentials, 5/√3000 = 9 %. Signal: 3000 flat fades at worst, the same.
    expect(Math.abs(noise / 10 ** -0.6 - 1)).toBeLessThan(0.092);
    expect(Math.abs(signal - 1)).toBeLessThan(0.092);
  });

  it.each<[string, Partial<SlotConfig>]>([
    ['nRx', { nRx: 0 }],
    ['nPrb', { nPrb: 276 }],
    ['nSym', { nSym: 15 }],
    ['snrDb', { snrDb: Number.NaN }],
    ['dmrs.symbolPositions[1]', { nSym: 11 }],
    ['delaySpreadSeconds', { channel: { profile: 'TDL-A', dopplerHz: 0 } }],
  ])('names %s when it does not fit', (field, change) => {
    expect(() => simulateSlot(slotConfig(change), Random.fromSeed(1))).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    );
  });
});

describe('bitErrors', () => {
  it('takes LLR ≥ 0 for 0', () => {
    expect(bitErrors(Float32Array.of(1, -1, 0, -0.5, 2), Uint8Array.of(0, 1, 0, 0, 1))).toBe(2);
    expect(() => bitErrors(new Float32Array(2), new Uint8Array(3))).toThrow('llrs: expected 3 values');
  });
});

describe('bits from outside', () => {
  it('go into the slot; channel, noise and what is drawn next stay', () => {
    const random = slotConfig();
    const [rng, other] = [Random.fromSeed(3), Random.fromSeed(3)];
    const plain = simulateSlot(random, rng);
    const bits = plain.bits.map((bit) => 1 - bit);
    const coded = simulateSlot(random, other, bits);
    expect(coded.bits).toEqual(bits);
    expect(coded.channel).toEqual(plain.channel);
    expect(other.int32()).toBe(rng.int32());
    expect(simulateSlot(random, Random.fromSeed(3), plain.bits)).toEqual(plain);
    // QPSK with all bits inverted is −x: the sum of both slots is twice the noise, and the pilots.
    const re = codewordOrder(plain.dataMask)[0] as number;
    const [x] = modulate(plain.bits, 'QPSK');
    const [a, b] = [plain.rxGrid[re] as number, coded.rxGrid[re] as number];
    expect(Math.abs(a - b)).toBeGreaterThan(0.1 * Math.abs(x as number));
    expect(Math.abs(a + b)).toBeLessThan(10 * Math.sqrt(plain.noiseVariance));
  });

  it.each([
    { cdmGroupsWithoutData: 1 as const, symbolPositions: [2] },
    { cdmGroupsWithoutData: 2 as const, symbolPositions: [2, 11] },
  ])('are Qm for each data RE with $symbolPositions', (change) => {
    const config = slotConfig({ modulation: '16QAM', dmrs: { ...DMRS, ...change } });
    const pilots = change.symbolPositions.length;
    const expected = 48 * (14 - pilots) + (change.cdmGroupsWithoutData === 1 ? 24 * pilots : 0);
    expect(dataReCount(config)).toBe(expected);
    expect(simulateSlot(config, Random.fromSeed(1)).bits.length).toBe(4 * expected);
    expect(() => simulateSlot(config, Random.fromSeed(1), new Uint8Array(3))).toThrow(
      `bits: expected ${4 * expected} bits, received 3 bits`,
    );
  });

  it('need resource elements: DMRS in every symbol, alone in it, leave none', () => {
    const symbolPositions = Array.from({ length: 14 }, (_, symbol) => symbol);
    const dmrs: DmrsConfig = { ...DMRS, symbolPositions, cdmGroupsWithoutData: 2 };
    expect(() => dataReCount(slotConfig({ dmrs }))).toThrow(
      /^dmrs: expected resource elements left for data, received none with DMRS in symbols 0, 1, .* and 2 CDM groups/,
    );
    expect(dataReCount(slotConfig({ dmrs: { ...dmrs, cdmGroupsWithoutData: 1 } }))).toBe(14 * 24);
  });
});
