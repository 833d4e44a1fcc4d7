/** Receivers over the DMRS patterns that the standard allows: types, positions, CDM groups with and without data. */
import { describe, expect, it } from 'vitest';
import type { DmrsConfig } from '#nr/dmrs.js';
import { bitErrors } from '#phy/metrics.js';
import { Random } from '#phy/random.js';
import { lmmseReceiver, lsLmmseReceiver, perfectCsiReceiver } from '#phy/receivers/index.js';
import { type Slot, type SlotConfig, simulateSlot, slotStatistics } from '#phy/slot.js';
import { DMRS, slotConfig } from '../helpers/slots.js';
import { binomialDeviations, qpskRayleighBer } from '../helpers/theory.js';

const POSITIONS = [[2], [2, 11], [2, 7, 11], [2, 5, 8, 11]] as const;
const PATTERNS: DmrsConfig[] = ([1, 2] as const).flatMap((configType) =>
  ([1, 2, 3] as const)
    .filter((groups) => groups <= configType + 1)
    .flatMap((cdmGroupsWithoutData) =>
      POSITIONS.map((symbolPositions) => ({ ...DMRS, configType, cdmGroupsWithoutData, symbolPositions })),
    ),
);

const ls = (slot: Slot) => lsLmmseReceiver(slot, { statistics: slotStatistics(slot) });
const lmmse = (slot: Slot) => lmmseReceiver(slot, slotStatistics(slot));

/** Bit errors of receivers over the same slots. */
function errorsOver(config: SlotConfig, slots: number, receivers: readonly ((slot: Slot) => Float32Array)[]) {
  const rng = Random.fromSeed(JSON.stringify(config.dmrs));
  const errors = receivers.map(() => 0);
  let bits = 0;
  for (let i = 0; i < slots; i++) {
    const slot = simulateSlot(config, rng);
    receivers.forEach((receive, r) => (errors[r] = (errors[r] ?? 0) + bitErrors(receive(slot), slot.bits)));
    bits += slot.bits.length;
  }
  return { errors, bits };
}

/** Bit errors of a receiver for each of perfect CSI, in which the luck of the slots drawn cancels. */
function excess(config: SlotConfig, slots: number, receive: (slot: Slot) => Float32Array): number {
  const [own = 0, bound = 1] = errorsOver(config, slots, [receive, perfectCsiReceiver]).errors;
  return own / bound;
}

describe('perfect CSI', () => {
  it.each(PATTERNS)(
    'has the bit error rate of theory: type $configType, symbols $symbolPositions, $cdmGroupsWithoutData groups without data',
    (dmrs) => {
      const snrDb = 4;
      const config = slotConfig({ snrDb, channel: 'rayleigh-iid', dmrs, nPrb: 12 });
      const { errors, bits } = errorsOver(config, 8, [perfectCsiReceiver]);
      expect(binomialDeviations(errors[0] ?? 0, bits, qpskRayleighBer(2, snrDb))).toBeLessThan(4.5);
    },
  );
});

describe.each([
  ['LS + LMMSE', ls],
  ['LMMSE + LMMSE', lmmse],
] as const)('%s', (_, receive) => {
  const fast = { profile: 'TDL-C', delaySpreadSeconds: 100e-9, dopplerHz: 2000 } as const;

  it.each([
    [1, 2],
    [1, 1],
    [2, 3],
    [2, 1],
  ] as const)(
    'type %d, %d groups without data: errs less with each DMRS symbol more',
    (configType, groups) => {
      const rates = POSITIONS.map((symbolPositions) => {
        const dmrs: DmrsConfig = { ...DMRS, configType, cdmGroupsWithoutData: groups, symbolPositions };
        return excess(slotConfig({ snrDb: 8, channel: fast, dmrs }), 120, receive);
      });
      // At 2 kHz the channel turns over within five symbols: the fourth one brings little to interpolation.
      const [one = 0, two = 0, three = 0, four = 0] = rates;
      expect(two).toBeLessThan(0.6 * one);
      expect(three).toBeLessThan(0.6 * two);
      // Seeded: the smallest step is one of 2 %.
      expect(four).toBeLessThan(three);
    },
  );

  it('is hardly better or worse for data between the pilots, which it does not look at', () => {
    const rates = ([1, 2] as const).map((cdmGroupsWithoutData) => {
      const dmrs = { ...DMRS, cdmGroupsWithoutData };
      return excess(slotConfig({ snrDb: 4, channel: 'rayleigh', dmrs }), 300, receive);
    });
    expect(Math.abs((rates[0] ?? 0) / (rates[1] ?? 1) - 1)).toBeLessThan(0.1);
  });
});
