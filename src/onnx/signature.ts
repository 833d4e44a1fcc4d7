import { SpikingRxError } from '../errors.js';
import type { ModelSummary, TensorSignature } from './model-file.js';
import type { Dim } from './types.js';

/** Element types of the tensors that models take and give; ONNX `TensorProto.DataType` numbers beside them. */
export const ELEMENT_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
} as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

/** Bytes of one element. */
export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = {
  float32: 4,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  int32: 4,
  int64: 8,
  bool: 1,
  float16: 2,
  float64: 8,
  uint32: 4,
  uint64: 8,
};

/** A tensor that a model takes or gives. */
export interface TensorDescription {
  readonly name: string;
  readonly type: ElementType;
  /** The batch axis, where there is one, is the first. Names where a size is known only at run time. */
  readonly shape: readonly Dim[];
}

/** What can be said of any model whose inputs and outputs are tensors. */
export interface ModelSignature {
  readonly inputs: readonly TensorDescription[];
  readonly outputs: readonly TensorDescription[];
  /** Whether the first axis of every tensor is a batch of any size; without, a run holds one request. */
  readonly batched: boolean;
}

const TYPE_NAMES = new Map<number, ElementType>(
  (Object.keys(ELEMENT_TYPES) as ElementType[]).map((name) => [ELEMENT_TYPES[name], name]),
);

/**
 * Describes the tensors of a model file.
 * @param batched known beforehand; judged by the first axes when left out: dynamic everywhere, and nowhere of
 *   two names.
 * @throws SpikingRxError FAILED_PRECONDITION for what is no tensor, or one of unknown rank or another type.
 */
export function signatureOf({ inputs, outputs }: ModelSummary, batched?: boolean): ModelSignature {
  if (outputs.length === 0) throw refuse('it has no output');
  return {
    inputs: inputs.map((tensor) => describe('input', tensor)),
    outputs: outputs.map((tensor) => describe('output', tensor)),
    batched: batched ?? sharesBatchAxis(inputs, outputs),
  };
}

/** Elements of a tensor of these sizes. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function describe(kind: string, { name, elemType, shape, isRanked }: TensorSignature): TensorDescription {
  const type = TYPE_NAMES.get(elemType);
  if (type === undefined) {
    const known = Object.keys(ELEMENT_TYPES).join(', ');
    throw refuse(`${kind} '${name}' must be a tensor of ${known}, found element type ${elemType}`);
  }
  if (!isRanked) throw refuse(`${kind} '${name}' must state its shape`);
  return { name, type, shape };
}

/** An axis without a name may be any, so it speaks neither for nor against. */
function sharesBatchAxis(inputs: readonly TensorSignature[], outputs: readonly TensorSignature[]): boolean {
  const axes = [...inputs, ...outputs].map(({ shape }) => shape[0]);
  if (inputs.length === 0 || !axes.every((axis) => typeof axis === 'string')) return false;
  return new Set(axes.filter((axis) => axis !== UNNAMED_BATCH)).size <= 1;
}

/** How `summariseModel` calls a first axis that is dynamic and has no name. */
const UNNAMED_BATCH = 'dim_0';

function refuse(reason: string): SpikingRxError {
  return new SpikingRxError('FAILED_PRECONDITION', `the model cannot be served: ${reason}`);
}
