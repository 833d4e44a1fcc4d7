/** The unit of work: a few slots of one point, simulated and shown to all receivers. */
import { SpikingRxError } from '../errors.js';
import { Random } from '../phy/random.js';
import type { EvaluationCase } from './cases.js';
import { drawLinkSlot, type LinkConfig, type LinkSlot } from './link.js';
import type { Receiver } from './receivers.js';
import { emptyTally, type Tally, tallySlot } from './tally.js';

export const SLOTS_PER_CHUNK = 16;

/** A chunk's slots follow from this alone, whoever computes it. */
export interface Chunk {
  readonly evaluation: EvaluationCase;
  readonly snrDb: number;
  readonly index: number;
  readonly slots: number;
  readonly link: LinkConfig;
  /** Slots come from streams labelled `held-out`, which training never draws from. */
  readonly seed: number;
}

/** Computes chunks, at most `capacity` at a time. */
export interface ChunkRunner {
  readonly names: readonly string[];
  readonly capacity: number;
  /** One tally for each receiver. */
  run(chunk: Chunk): Promise<readonly Tally[]>;
  close(): Promise<void>;
}

/** All SNRs of a case see the same bits, channels and normalised noise: a curve is smooth where it is uncertain. */
export function drawChunk({ evaluation, snrDb, index, slots, link, seed }: Chunk): LinkSlot[] {
  const random = Random.fromSeed(seed).fork('held-out').fork(evaluation.name).fork(index);
  return Array.from({ length: slots }, (_, i) => drawLinkSlot(evaluation, snrDb, link, random.fork(i)));
}

/** Slots of one shape together, in the order of their first appearance. */
function byShape(slots: readonly LinkSlot[]): LinkSlot[][] {
  const groups = new Map<number, LinkSlot[]>();
  for (const slot of slots) {
    const { nSc } = slot.slot.shape;
    groups.set(nSc, [...(groups.get(nSc) ?? []), slot]);
  }
  return [...groups.values()];
}

export async function runChunk(chunk: Chunk, receivers: readonly Receiver[]): Promise<Tally[]> {
  const groups = byShape(drawChunk(chunk));
  const tallies: Tally[] = [];
  for (const receiver of receivers) {
    const tally = emptyTally();
    for (const group of groups) {
      const llrs = await receiver.llrs(group.map(({ slot }) => slot));
      group.forEach((slot, i) => tallyNamed(receiver.name, tally, llrs[i] as Float32Array, slot));
    }
    tallies.push(tally);
  }
  return tallies;
}

function tallyNamed(name: string, tally: Tally, llrs: Float32Array, slot: LinkSlot): void {
  try {
    tallySlot(tally, llrs, slot);
  } catch (cause) {
    if (!(cause instanceof SpikingRxError)) throw cause;
    throw new SpikingRxError(cause.code, `receiver ${name}: ${cause.message}`, { cause });
  }
}

/** Runs chunks on this thread, with any receivers. */
export function localRunner(receivers: readonly Receiver[]): ChunkRunner {
  return {
    names: receivers.map(({ name }) => name),
    capacity: 1,
    run: (chunk) => runChunk(chunk, receivers),
    close: async () => {
      for (const receiver of receivers) await receiver.release();
    },
  };
}
