/** The model before its first training step and after its last. */
import { createSession } from '../../engine/session.js';
import { resultOf } from '../../evaluate/point.js';
import { emptyTally, tallySlot } from '../../evaluate/tally.js';
import { dataOf } from '../../nn/context.js';
import { encodeServiceModel, type TrainedNetwork } from '../../nn/service-graph.js';
import { spikingLayers } from '../../nn/spikingrx.js';
import { readNodes } from '../../onnx/model-nodes.js';
import { withTaps } from '../../onnx/taps.js';
import type { Slot } from '../../phy/slot.js';
import { networkOf } from '../../train/checkpoint.js';
import { untrainedNetwork } from '../../train/untrained.js';
import type { Subject } from '../subject.js';
import { slotsLike } from './receivers.js';
import { runSlots, tappedLayers } from './runs.js';

export const TRAINING_SLOTS = 8;

/** What a network does on the slots. */
export interface Behaviour {
  /** Spikes per neuron by layer, for each step. */
  readonly firingRates: ReadonlyMap<string, readonly number[]>;
  /** (1 − 2b)·LLR of all bits: above 0 where the decision is right. */
  readonly signedLlrs: Float32Array;
  readonly bitErrorRate: number;
  /** Bit per data RE. */
  readonly gmi: number;
}

export interface BeforeAndAfter {
  readonly before: Behaviour;
  readonly after: Behaviour;
  /** Weights `[Cout, Cin, 3, 3]` of the spiking layers before folding; none without a checkpoint. */
  readonly filters: readonly FilterPair[];
}

export interface FilterPair {
  readonly layer: string;
  readonly outChannels: number;
  readonly inChannels: number;
  readonly before: Float32Array;
  readonly after: Float32Array;
  /** ‖after − before‖ / ‖before‖. */
  readonly change: number;
}

async function behaviourOf(bytes: Uint8Array, slots: readonly Slot[]): Promise<Behaviour> {
  const session = await createSession(withTaps(bytes, ['spikes']));
  try {
    const { firingRates, llrs } = await runSlots(session, tappedLayers(readNodes(bytes)), slots);
    const tally = emptyTally();
    slots.forEach((slot, i) => tallySlot(tally, llrs[i] as Float32Array, { slot }));
    const { gmi, bitErrorRate } = resultOf('', tally, (slots[0] as Slot).modulation);
    const signed = slots.flatMap(({ bits }, i) => [...signedLlrs(llrs[i] as Float32Array, bits)]);
    return { firingRates, signedLlrs: Float32Array.from(signed), gmi, bitErrorRate };
  } finally {
    await session.release();
  }
}

/** @param bits `[G]` as sent */
export function signedLlrs(llrs: Float32Array, bits: Uint8Array): Float32Array {
  return llrs.map((llr, i) => (1 - 2 * (bits[i] as number)) * llr);
}

/** ‖after − before‖ / ‖before‖. */
export function relativeChange(before: Float32Array, after: Float32Array): number {
  let [moved, size] = [0, 0];
  before.forEach((weight, i) => {
    moved += ((after[i] as number) - weight) ** 2;
    size += weight ** 2;
  });
  return Math.sqrt(moved / size);
}

function filterPairs(before: TrainedNetwork, after: TrainedNetwork): FilterPair[] {
  return spikingLayers(before.config).map(({ name, outChannels, inChannels }) => {
    const [first, last] = [before, after].map(({ weights }) => dataOf(weights, `${name}.conv.weight`)) as [
      Float32Array,
      Float32Array,
    ];
    return {
      layer: name,
      outChannels,
      inChannels,
      before: first,
      after: last,
      change: relativeChange(first, last),
    };
  });
}

/** Undefined where nothing is known of the training, or no slots can be drawn. */
export async function beforeAndAfter(subject: Subject): Promise<BeforeAndAfter | undefined> {
  const { training, checkpoint, bytes } = subject.model;
  const slots = slotsLike(subject, TRAINING_SLOTS);
  if (training === undefined || slots.length === 0) return undefined;
  const untrained = await untrainedNetwork(training, slots);
  const { name, version } = training;
  return {
    before: await behaviourOf(encodeServiceModel(untrained, { name, version }), slots),
    after: await behaviourOf(bytes, slots),
    filters: checkpoint === undefined ? [] : filterPairs(untrained, networkOf(checkpoint)),
  };
}
