import { createSession, type RuntimeTensor, type Session, type SessionOptions } from '../engine/session.js';
import { bitsPerSymbol } from '../nr/qam.js';
import { codewordOrder } from '../nr/resource-map.js';
import { TENSOR_NAMES } from '../onnx/contract.js';
import type { ChannelStatistics } from '../phy/channel-statistics.js';
import { lmmseReceiver, lsLmmseReceiver, perfectCsiReceiver } from '../phy/receivers/index.js';
import { type ReceivedSlot, type Slot, slotStatistics } from '../phy/slot.js';

/** Anything that turns received slots of one shape into LLRs, `[G]` each, in codeword order. */
export interface Receiver {
  readonly name: string;
  llrs(slots: readonly Slot[]): Promise<Float32Array[]>;
  release(): Promise<void>;
}

/** Bounds the memory of a batch. */
const RESOURCE_ELEMENTS_PER_BATCH = 32_768;

/** Slots of one shape in batches of bounded size. */
export function batches<S extends ReceivedSlot>(slots: readonly S[]): S[][] {
  const { nSym, nSc } = (slots[0] as S).shape;
  const size = Math.max(1, Math.floor(RESOURCE_ELEMENTS_PER_BATCH / (nSym * nSc)));
  const count = Math.ceil(slots.length / size);
  return Array.from({ length: count }, (_, i) => slots.slice(i * size, (i + 1) * size));
}

/** The conventional receivers, by the names of the command line, and what tables call them. */
export const CONVENTIONAL = {
  'ls-plain': 'LS + LMMSE without statistics',
  'ls-lmmse': 'LS + LMMSE',
  lmmse: 'LMMSE + LMMSE',
  'perfect-csi': 'perfect CSI',
} as const;
export type ConventionalKind = keyof typeof CONVENTIONAL;
export const CONVENTIONAL_KINDS = Object.keys(CONVENTIONAL) as readonly ConventionalKind[];

/** Statistics of slots that a receiver has seen: the next one looks at the same slots. */
const known = new WeakMap<Slot, ChannelStatistics>();

function statisticsOf(slot: Slot): ChannelStatistics {
  const statistics = known.get(slot) ?? slotStatistics(slot);
  known.set(slot, statistics);
  return statistics;
}

/** What each makes of a slot. `ls-lmmse` and `lmmse` know the statistics that its channel was drawn from. */
const CONVENTIONAL_LLRS: Readonly<Record<ConventionalKind, (slot: Slot) => Float32Array>> = {
  'ls-plain': (slot) => lsLmmseReceiver(slot),
  'ls-lmmse': (slot) => lsLmmseReceiver(slot, { statistics: statisticsOf(slot) }),
  lmmse: (slot) => lmmseReceiver(slot, statisticsOf(slot)),
  'perfect-csi': (slot) => perfectCsiReceiver(slot),
};

export function conventionalReceiver(kind: ConventionalKind): Receiver {
  return {
    name: CONVENTIONAL[kind],
    llrs: (slots) => Promise.resolve(slots.map(CONVENTIONAL_LLRS[kind])),
    release: () => Promise.resolve(),
  };
}

/** A model file behind the same interface, run in this thread. */
export class ModelReceiver implements Receiver {
  private constructor(
    readonly name: string,
    private readonly session: Session,
  ) {}

  static async load(
    name: string,
    model: string | Uint8Array,
    runtime: SessionOptions = {},
  ): Promise<ModelReceiver> {
    return new ModelReceiver(name, await createSession(model, runtime));
  }

  async llrs(slots: readonly ReceivedSlot[]): Promise<Float32Array[]> {
    const answers: Float32Array[] = [];
    for (const batch of batches(slots)) answers.push(...(await this.runBatch(batch)));
    return answers;
  }

  private async runBatch(slots: readonly ReceivedSlot[]): Promise<Float32Array[]> {
    const { llr } = await this.session.run(feedsOf(slots));
    const planes = llr?.data as Float32Array;
    const perSlot = planes.length / slots.length;
    return slots.map((slot, i) => inCodewordOrder(planes.subarray(i * perSlot, (i + 1) * perSlot), slot));
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

/** Slots of one shape as the two inputs of the model contract. */
export function feedsOf(slots: readonly ReceivedSlot[]): Readonly<Record<string, RuntimeTensor>> {
  return {
    [TENSOR_NAMES.rxGrid]: stack(slots, ({ rxGrid }) => rxGrid),
    [TENSOR_NAMES.dmrs]: stack(slots, ({ dmrs }) => dmrs),
  };
}

/** `[planes, nSym, nSc]` of each slot as one tensor `[batch, planes, nSym, nSc]`. */
function stack(slots: readonly ReceivedSlot[], part: (slot: ReceivedSlot) => Float32Array): RuntimeTensor {
  const first = slots[0] as ReceivedSlot;
  const { nSym, nSc } = first.shape;
  const size = part(first).length;
  const data = new Float32Array(slots.length * size);
  slots.forEach((slot, i) => data.set(part(slot), i * size));
  return { type: 'float32', data, dims: [slots.length, size / (nSym * nSc), nSym, nSc] };
}

/** Reads LLR planes `[Qm, nSym, nSc]` at the data resource elements, b0 … b(Qm−1) each. */
export function inCodewordOrder(planes: Float32Array, slot: ReceivedSlot): Float32Array<ArrayBuffer> {
  const qm = bitsPerSymbol(slot.modulation);
  const plane = slot.shape.nSym * slot.shape.nSc;
  const order = codewordOrder(slot.dataMask);
  const llrs = new Float32Array(order.length * qm);
  order.forEach((re, i) => {
    for (let b = 0; b < qm; b++) llrs[i * qm + b] = planes[b * plane + re] as number;
  });
  return llrs;
}
