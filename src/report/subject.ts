/** What a report is about: a model, a slot, and what the one makes of the other. */
import { createSession, type RuntimeTensor, type Session } from '../engine/session.js';
import { feedsOf, inCodewordOrder } from '../evaluate/receivers.js';
import type { Modulation } from '../nr/qam.js';
import { TENSOR_NAMES } from '../onnx/contract.js';
import { withOutputs } from '../onnx/model-nodes.js';
import type { ReceivedSlot } from '../phy/slot.js';
import { readSubjectModel, type SubjectModel } from './model.js';
import { openSlot, type SlotChoice, type SubjectSlot } from './slot.js';

export interface Subject {
  readonly model: SubjectModel;
  readonly slot: SubjectSlot;
  /** `ln P(b=0)/P(b=1)`, `[Qm, nSym, nSc]`, as the model gives them: also where no data are. */
  readonly llrPlanes: Float32Array;
  /** The same at the data REs, `[G]` in codeword order. */
  readonly llrs: Float32Array;
  /**
   * Runs the model on the slot, with values inside its graph as outputs.
   * @param values names of values in the file (see `findTaps`), by the name that the result has for them
   * @throws INVALID_ARGUMENT when the file has no such value.
   */
  readonly inside: (values: ReadonlyMap<string, string>) => Promise<ReadonlyMap<string, RuntimeTensor>>;
  /** Runs the model on another slot of any shape. @returns LLRs `[G]` in codeword order */
  readonly infer: (slot: ReceivedSlot) => Promise<Float32Array>;
  readonly release: () => Promise<void>;
}

/**
 * @param choice which slot, or what chooses one by the model's modulation
 * @throws SpikingRxError that names the flag, the file or the field that does not fit.
 */
export async function openSubject(
  modelFile: string,
  choice: SlotChoice | ((modulation: Modulation) => SlotChoice),
): Promise<Subject> {
  const model = readSubjectModel(modelFile);
  const chosen = typeof choice === 'function' ? choice(model.modulation) : choice;
  const slot = openSlot(chosen, { modulation: model.modulation, nRx: model.contract.nRx });
  const session = await createSession(model.bytes);
  const llrPlanes = await planesOf(session, slot.received);
  return {
    model,
    slot,
    llrPlanes,
    llrs: inCodewordOrder(llrPlanes, slot.received),
    inside: (values) => insideOf(model, slot.received, values),
    infer: async (other) => inCodewordOrder(await planesOf(session, other), other),
    release: () => session.release(),
  };
}

async function planesOf(session: Session, slot: ReceivedSlot): Promise<Float32Array> {
  const { [TENSOR_NAMES.llr]: llr } = await session.run(feedsOf([slot]), [TENSOR_NAMES.llr]);
  return llr?.data as Float32Array;
}

async function insideOf(
  { bytes }: SubjectModel,
  slot: ReceivedSlot,
  values: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, RuntimeTensor>> {
  const session = await createSession(withOutputs(bytes, values));
  try {
    return new Map(Object.entries(await session.run(feedsOf([slot]), [...values.keys()])));
  } finally {
    await session.release();
  }
}
