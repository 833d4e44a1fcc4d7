/** The slot of a report as other receivers see it, and further slots like it. */
import { conventionalReceiver, type ConventionalKind, CONVENTIONAL } from '../../evaluate/receivers.js';
import { lsLmmseReceiver } from '../../phy/receivers/index.js';
import { Random } from '../../phy/random.js';
import { type Slot, simulateSlot } from '../../phy/slot.js';
import { drawSlotConfig } from '../../train/data.js';
import type { Subject } from '../subject.js';

/** What the model goes by in figures that compare it. */
export const MODEL_NAME = 'SpikingRx';

export interface NamedLlrs {
  readonly name: string;
  /** `[G]` in codeword order. */
  readonly llrs: Float32Array;
}

const COMPARED: readonly ConventionalKind[] = ['ls-lmmse', 'lmmse', 'perfect-csi'];

/**
 * The model's LLRs and those of conventional receivers. Of a dump, whose channel nobody knows, only what needs no
 * statistics is there, and the LLRs that the dump itself holds.
 */
export async function comparedLlrs({ llrs, slot }: Subject): Promise<NamedLlrs[]> {
  const own = { name: MODEL_NAME, llrs };
  const { simulated, received, dumpLlrs } = slot;
  if (simulated === undefined)
    return [
      own,
      { name: CONVENTIONAL['ls-plain'], llrs: lsLmmseReceiver(received) },
      ...(dumpLlrs === undefined ? [] : [{ name: 'LLRs of the dump', llrs: dumpLlrs }]),
    ];
  const others = COMPARED.map(async (kind) => {
    const [conventional] = await conventionalReceiver(kind).llrs([simulated]);
    return { name: CONVENTIONAL[kind], llrs: conventional as Float32Array };
  });
  return [own, ...(await Promise.all(others))];
}

/** Of the streams that the further slots come from; a report is about one slot, which has a seed of its own. */
const SEED = 1;
/** Resource blocks of further slots where the report's has more: wider ones tell no more and take longer. */
const MOST_PRB = 8;

/** Resource blocks of further slots; a model that takes one width alone decides itself. */
export function furtherPrb({ model, slot }: Subject): number {
  const { nSc } = model.contract;
  return nSc === undefined ? Math.min(MOST_PRB, slot.received.shape.nSc / 12) : nSc / 12;
}

/**
 * Further slots with what was sent: of the configuration of the report's slot, each with bits, channel and noise of
 * its own; beside a dump of what the model was trained on. None where neither is known.
 */
export function slotsLike(subject: Subject, count: number): readonly Slot[] {
  const { model, slot } = subject;
  const { simulated } = slot;
  const nPrb = furtherPrb(subject);
  const random = Random.fromSeed(SEED).fork('report');
  const scenario = model.training?.data;
  const draw = (stream: Random): Slot | undefined => {
    if (simulated !== undefined) return simulateSlot({ ...simulated.config, nPrb }, stream);
    if (scenario === undefined) return undefined;
    const receiver = { modulation: model.modulation, nRx: model.contract.nRx, nPrb };
    return simulateSlot(drawSlotConfig(scenario, receiver, stream), stream);
  };
  return Array.from({ length: count }, (_, i) => draw(random.fork(i))).filter((one) => one !== undefined);
}

/** What `slotsLike` gives, in words. */
export function slotsLikeName({ slot }: Subject, count: number): string {
  const kind = slot.simulated === undefined ? 'of the training data' : 'of the same kind as this one';
  return `${count} slots ${kind}, each with bits, channel and noise of its own`;
}

/** Wrong bits of LLRs; an LLR of 0 decides for 0. @param bits `[G]` as sent */
export function wrongBits(llrs: Float32Array, bits: Uint8Array): Uint8Array {
  return bits.map((bit, i) => Number((llrs[i] as number) >= 0 === (bit === 1)));
}

/** 0.0312 as `3.1 %`, small shares with a power of ten. */
export function percent(share: number): string {
  if (share === 0) return '0 %';
  return share >= 0.001 ? `${(100 * share).toPrecision(2)} %` : share.toExponential(1);
}
