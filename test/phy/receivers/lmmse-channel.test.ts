import { describe, it } from 'vitest';
import type { DmrsConfig } from '#nr/dmrs.js';
import type { ChannelConfig } from '#phy/channel.js';
import type { ChannelStatistics } from '#phy/channel-statistics.js';
import { Random } from '#phy/random.js';
import { lmmseChannel } from '#phy/receivers/lmmse-channel.js';
import { type Slot, simulateSlot, slotStatistics } from '#phy/slot.js';
import { at, expect } from '../../support/matchers.js';
import { covariance } from '../helpers/covariance.js';
import { DMRS, slotConfig } from '../helpers/slots.js';
import { type Complex, invert, multiply } from '../helpers/taps.js';

interface Pilot {
  readonly symbol: number;
  readonly sc: number;
  readonly value: Complex;
}

function pilotsOf({ dmrs, shape: { nSym, nSc } }: Slot): Pilot[] {
  return Array.from({ length: nSym * nSc }, (_, re) => ({
    symbol: Math.floor(re / nSc),
    sc: re % nSc,
    value: [at(dmrs, re), at(dmrs, nSym * nSc + re)] as const,
  })).filter(({ value }) => value[0] !== 0 || value[1] !== 0);
}

const conjugate = ([re, im]: Complex): Complex => [re, -im];
const sumOf = (terms: readonly Complex[]): Complex =>
  terms.reduce((a, b) => [a[0] + b[0], a[1] + b[1]], [0, 0]);

/** The textbook formula with matrices of the size of the pilots, antenna 0: estimate and error at each element. */
function dense(slot: Slot, statistics: ChannelStatistics) {
  const pilots = pilotsOf(slot);
  const { nSym, nSc } = slot.shape;
  const plane = nSym * nSc;
  const between = (a: { symbol: number; sc: number }, b: { symbol: number; sc: number }): Complex =>
    covariance(statistics, a.symbol - b.symbol, a.sc - b.sc);
  const ls = pilots.map(({ symbol, sc, value }): Complex => {
    const energy = value[0] ** 2 + value[1] ** 2;
    const re = symbol * nSc + sc;
    const received: Complex = [at(slot.rxGrid, re), at(slot.rxGrid, plane + re)];
    const product = multiply(received, conjugate(value));
    return [product[0] / energy, product[1] / energy];
  });
  const inverse = invert(
    pilots.map((a, i) =>
      pilots.map((b, j): Complex => {
        const [re, im] = between(a, b);
        const noise = slot.noiseVariance / (b.value[0] ** 2 + b.value[1] ** 2);
        return i === j ? [re + noise, im] : [re, im];
      }),
    ),
  );
  const weighted = inverse.map((row) => sumOf(row.map((w, j) => multiply(w, at(ls, j)))));
  return Array.from({ length: plane }, (_, i) => {
    const here = { symbol: Math.floor(i / nSc), sc: i % nSc };
    const row = pilots.map((pilot) => between(here, pilot));
    const filter = pilots.map((__, j) => sumOf(row.map((r, p) => multiply(r, at(at(inverse, p), j)))));
    const explained = sumOf(filter.map((w, j) => multiply(w, conjugate(at(row, j)))));
    const estimate = sumOf(row.map((r, j) => multiply(r, at(weighted, j))));
    return { estimate, error: covariance(statistics, 0, 0)[0] - explained[0] };
  });
}

const CHANNELS: readonly ChannelConfig[] = [
  { profile: 'TDL-A', delaySpreadSeconds: 300e-9, dopplerHz: 900 },
  { profile: 'TDL-D', delaySpreadSeconds: 300e-9, dopplerHz: 900 },
  { profile: 'TDL-E', delaySpreadSeconds: 30e-9, dopplerHz: 0 },
  { profile: 'TDL-C300', dopplerHz: 50 },
  'rayleigh',
];
const PATTERNS: readonly Partial<DmrsConfig>[] = [
  { symbolPositions: [2] },
  { symbolPositions: [2, 11], scale: Math.SQRT2 },
  { symbolPositions: [2, 5, 8, 11] },
  { symbolPositions: [3, 7, 11], configType: 2, cdmGroupsWithoutData: 1 },
];

describe.each(CHANNELS)('LMMSE on %j', (channel) => {
  it.each(PATTERNS)('equals the formula with all pilots in one matrix: %j', (change) => {
    const dmrs: DmrsConfig = { ...DMRS, ...change };
    for (const snrDb of [0, 30]) {
      const slot = simulateSlot(
        slotConfig({ nPrb: 1, nRx: 1, snrDb, channel, dmrs }),
        Random.fromSeed(snrDb),
      );
      const statistics = slotStatistics(slot);
      const { channel: estimate, errorVariance } = lmmseChannel(slot, statistics);
      const expected = dense(slot, statistics);
      const both = [...expected.map((e) => e.estimate[0]), ...expected.map((e) => e.estimate[1])];
      // float32 results; the inverse at 30 dB loses four digits of sixteen.
      expect(estimate).toBeAllClose(both, { absolute: 1e-6, relative: 1e-6 });
      const errors = expected.map(({ error }) => error);
      expect(errorVariance).toBeAllClose(errors, { absolute: 1e-8, relative: 1e-4 });
    }
  });
});

/** Mean squared error of an antenna's estimate and the mean of what it states, over slots. */
function errorsOver(
  slots: number,
  change: Parameters<typeof slotConfig>[0],
): [measured: number, stated: number] {
  const rng = Random.fromSeed('errors');
  let [measured, stated] = [0, 0];
  for (let i = 0; i < slots; i++) {
    const slot = simulateSlot(slotConfig(change), rng);
    const { channel, errorVariance } = lmmseChannel(slot, slotStatistics(slot));
    const plane = errorVariance.length;
    channel.forEach(
      (h, k) => (measured += (h - at(slot.channel, k)) ** 2 / (slot.shape.nRx * plane * slots)),
    );
    errorVariance.forEach((variance) => (stated += variance / (plane * slots)));
  }
  return [measured, stated];
}

describe('the error variance', () => {
  it.each(['TDL-A', 'TDL-D'] as const)('is that of the estimates of %s', (profile) => {
    const channel = { profile, delaySpreadSeconds: 100e-9, dopplerHz: 400 };
    const [measured, stated] = errorsOver(400, { channel, snrDb: 4 });
    // 800 estimates of at least three independent errors each: 5/√2400 = 10 %.
    expect(Math.abs(measured / stated - 1)).toBeLessThan(0.1);
  });

  it('holds over a whole carrier of 273 resource blocks', () => {
    const channel = { profile: 'TDL-C', delaySpreadSeconds: 300e-9, dopplerHz: 200 } as const;
    const [measured, stated] = errorsOver(2, { channel, snrDb: 10, nPrb: 273 });
    // Over 98 MHz the errors of 4 estimates average out: about 23 taps at 2 symbols each.
    expect(Math.abs(measured / stated - 1)).toBeLessThan(5 / Math.sqrt(4 * 2 * 23));
  });
});

describe('LMMSE', () => {
  const slot = simulateSlot(slotConfig(), Random.fromSeed(1));
  const statistics = slotStatistics(slot);

  it('refuses pilots that move from symbol to symbol, or change their power', () => {
    const message =
      /^dmrs: expected pilots of one power on the same subcarriers of each symbol, received others/;
    const moved = Float32Array.from(slot.dmrs);
    moved[2 * 48] = 0;
    moved[14 * 48 + 2 * 48] = 0;
    expect(() => lmmseChannel({ ...slot, dmrs: moved }, statistics)).toThrow(message);
    const louder = slot.dmrs.map((x, i) => (i % (14 * 48) < 5 * 48 ? x : 2 * x));
    expect(() => lmmseChannel({ ...slot, dmrs: louder }, statistics)).toThrow(message);
  });

  it('refuses a slot without pilots', () => {
    expect(() => lmmseChannel({ ...slot, dmrs: new Float32Array(slot.dmrs.length) }, statistics)).toThrow(
      'dmrs: expected at least one pilot, received none',
    );
  });

  it.each([1, 4, 24])('is exact without noise, %d resource blocks', (nPrb) => {
    const quiet = simulateSlot(slotConfig({ nPrb, snrDb: 200 }), Random.fromSeed(nPrb));
    const { channel, errorVariance } = lmmseChannel(quiet, slotStatistics(quiet));
    const plane = 14 * 12 * nPrb;
    for (const symbol of quiet.config.dmrs.symbolPositions) {
      const row = (values: Float32Array) => values.subarray(symbol * 12 * nPrb, (symbol + 1) * 12 * nPrb);
      expect(row(channel)).toBeAllClose(row(quiet.channel), { absolute: 1e-5 });
      expect(row(channel.subarray(plane))).toBeAllClose(row(quiet.channel.subarray(plane)), {
        absolute: 1e-5,
      });
      expect(Math.max(...row(errorVariance))).toBeLessThan(1e-9);
    }
  });
});
