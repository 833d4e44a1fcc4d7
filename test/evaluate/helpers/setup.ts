import type { EvaluationCase } from '#evaluate/cases.js';
import { localRunner } from '#evaluate/chunk.js';
import { type EvaluationOptions, evaluateReceivers } from '#evaluate/evaluate.js';
import type { Receiver } from '#evaluate/receivers.js';
import type { EvaluationFlags } from '#evaluate/settings.js';
import { mcsEntry } from '#phy/coding/index.js';
import type { Slot } from '#phy/slot.js';
import { tinyTraining } from '../../support/training.js';

export const { data: SCENARIO } = tinyTraining({ data: { dopplerHz: [0, 400], nPrb: [1, 2] } });
export const MCS = mcsEntry(1, 7);

/** One antenna, one resource block, one shape, gain 1. */
export const AWGN: EvaluationCase = {
  name: 'AWGN',
  channel: 'awgn',
  scenario: { ...SCENARIO, nPrb: [1], dmrsSymbols: [[2]], cdmGroupsWithoutData: [2] },
};

/** Flags of the command line as they stand when none is given, but for fewer slots and no receivers. */
export const FLAGS: EvaluationFlags = {
  model: [],
  service: [],
  receivers: 'none',
  snr: '4,0',
  slots: '100',
  blockErrors: '10',
  uncoded: false,
  seed: '1',
  dmrs: [],
};

/** A receiver made from a function of the slot. */
export function receiver(name: string, llrs: (slot: Slot) => Float32Array): Receiver {
  return { name, llrs: (slots) => Promise.resolve(slots.map(llrs)), release: () => Promise.resolve() };
}

/** Evaluates on this thread: two antennas, QPSK, no code, unless told. */
export function evaluate(receivers: readonly Receiver[], change: Partial<EvaluationOptions> = {}) {
  return evaluateReceivers({
    runner: localRunner(receivers),
    cases: [{ name: 'all', scenario: SCENARIO }],
    snrsDb: [4],
    link: { modulation: 'QPSK', nRx: 2 },
    slots: 20,
    seed: 1,
    ...change,
  });
}
