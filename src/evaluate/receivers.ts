import { type RuntimeTensor, type Session, type SessionOptions, createSession } from '../engine/session.js';
import { codewordOrder } from '../nr/resource-map.js';
import { bitsPerSymbol } from '../nr/qam.js';
import { lsLmmseReceiver, perfectCsiReceiver } from '../phy/receivers/index.js';
import type { Slot } from '../phy/slot.js';

/** Anything that turns received slots of one shape into LLRs, `[G]` each, in codeword order. */
export interface Receiver {
  readonly name: string;
  llrs(slots: readonly Slot[]): Promise<Float32Array[]>;
  release(): Promise<void>;
}

function conventional(name: string, receive: (slot: Slot) => Float32Array): Receiver {
  return {
    name,
    llrs: (slots) => Promise.resolve(slots.map(receive)),
    release: () => Promise.resolve(),
  };
}

/** LS with linear interpolation and LMMSE combining, and the bound with the true channel. */
export function conventionalReceivers(): readonly Receiver[] {
  return [
    conventional('LS + LMMSE', (slot) => lsLmmseReceiver(slot)),
    conventional('perfect CSI', (slot) => perfectCsiReceiver(slot)),
  ];
}

/** A model file behind the same interface, run in this process. */
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

  async llrs(slots: readonly Slot[]): Promise<Float32Array[]> {
    const { nRx, nSym, nSc } = (slots[0] as Slot).shape;
    const join = (rows: readonly Float32Array[], planes: number): RuntimeTensor => {
      const data = new Float32Array(rows.length * planes * nSym * nSc);
      rows.forEach((row, i) => data.set(row, i * row.length));
      return { type: 'float32', data, dims: [rows.length, planes, nSym, nSc] };
    };
    const rxGrid = join(
      slots.map((slot) => slot.rxGrid),
      2 * nRx,
    );
    const dmrs = join(
      slots.map((slot) => slot.dmrs),
      2,
    );
    const { llr } = await this.session.run({ rx_grid: rxGrid, dmrs });
    const planes = llr?.data as Float32Array;
    const perSlot = planes.length / slots.length;
    return slots.map((slot, i) => inCodewordOrder(planes.subarray(i * perSlot, (i + 1) * perSlot), slot));
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

/** Reads LLR planes `[Qm, nSym, nSc]` at the data resource elements, b0 … b(Qm−1) each. */
function inCodewordOrder(planes: Float32Array, slot: Slot): Float32Array {
  const qm = bitsPerSymbol(slot.modulation);
  const plane = slot.shape.nSym * slot.shape.nSc;
  const order = codewordOrder(slot.dataMask);
  const llrs = new Float32Array(order.length * qm);
  order.forEach((re, i) => {
    for (let b = 0; b < qm; b++) llrs[i * qm + b] = planes[b * plane + re] as number;
  });
  return llrs;
}
