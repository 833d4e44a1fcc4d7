import { invalid, SpikingRxError } from '../errors.js';
import type { ModelDescription } from '../onnx/contract.js';
import { ELEMENT_BYTES, elementCount, type TensorDescription } from '../onnx/signature.js';
import { requireDeadline } from './llr-row.js';
import { makeRow, type Row } from './row.js';
import type { NamedTensor, TensorRequest, TensorResult } from './types.js';
import type { PendingAnswer } from './pending-grid.js';

/**
 * Cuts the inputs of a request into rows; their bytes are views.
 * @throws SpikingRxError INVALID_ARGUMENT naming the tensor, what was expected and what came; NOT_FOUND for an
 *   output that the model does not have.
 */
export function tensorRows(request: TensorRequest, model: ModelDescription): Row[] {
  const { signature } = model;
  requireDeadline(request.deadlineMs);
  refuseUnknown(request.inputs, signature.inputs);
  const inputs = signature.inputs.map((input) => checkedInput(request.inputs, input));
  requireOneSize(signature.inputs, inputs);
  const outputs = wantedOutputs(request.outputs, signature.outputs);
  if (!signature.batched) return [makeRow({ inputs, outputs, llr: undefined }, model)];
  const count = inputs[0]?.shape[0] ?? 0;
  return Array.from({ length: count }, (_, index) => {
    const rowInputs = inputs.map(({ shape, bytes }) => {
      const length = bytes.byteLength / count;
      return { shape: shape.slice(1), bytes: bytes.subarray(index * length, (index + 1) * length) };
    });
    return makeRow({ inputs: rowInputs, outputs, llr: undefined }, model);
  });
}

function refuseUnknown(sent: readonly NamedTensor[], known: readonly TensorDescription[]): void {
  const names = known.map(({ name }) => name).join(', ');
  const seen = new Set<string>();
  for (const { name } of sent) {
    if (!known.some((input) => input.name === name))
      throw invalid('inputs', `the inputs ${names}`, `an input called '${name.slice(0, 256)}'`);
    if (seen.has(name)) throw invalid('inputs', `the input '${name}' once`, 'it twice');
    seen.add(name);
  }
}

function checkedInput(sent: readonly NamedTensor[], input: TensorDescription): NamedTensor {
  const { name, type, shape } = input;
  const tensor = sent.find((one) => one.name === name);
  if (tensor === undefined) throw invalid('inputs', `an input '${name}'`, 'none of that name');
  if (tensor.type !== type) throw invalid(`inputs.${name}.datatype`, type, tensor.type);
  const fits =
    tensor.shape.length === shape.length &&
    tensor.shape.every(
      (size, axis) =>
        Number.isSafeInteger(size) && size >= 1 && (typeof shape[axis] === 'string' || shape[axis] === size),
    );
  if (!fits) throw invalid(`inputs.${name}.shape`, `[${shape.join(', ')}]`, shapeText(tensor.shape));
  const elements = elementCount(tensor.shape);
  const expected = elements * ELEMENT_BYTES[type];
  if (tensor.bytes.byteLength !== expected) {
    const what = `${expected} bytes (${elements} elements of ${type} for shape ${shapeText(tensor.shape)})`;
    throw invalid(`inputs.${name}.data`, what, `${tensor.bytes.byteLength} bytes`);
  }
  if (type === 'bool' && tensor.bytes.some((byte) => byte > 1))
    throw invalid(`inputs.${name}.data`, 'bytes 0 and 1', 'another value');
  return tensor;
}

/** @throws INVALID_ARGUMENT for axes of one name and different sizes. */
function requireOneSize(known: readonly TensorDescription[], inputs: readonly NamedTensor[]): void {
  const sizes = new Map<string, { readonly size: number; readonly name: string }>();
  for (const [index, { name, shape }] of known.entries())
    for (const [axis, dim] of shape.entries()) {
      const size = inputs[index]?.shape[axis];
      if (typeof dim === 'number' || size === undefined) continue;
      const first = sizes.get(dim);
      if (first === undefined) sizes.set(dim, { size, name });
      else if (first.size !== size)
        throw invalid(`inputs.${name}.shape`, `${dim} = ${first.size}, as '${first.name}' has it`, `${size}`);
    }
}

function wantedOutputs(
  wanted: readonly string[] | undefined,
  known: readonly TensorDescription[],
): readonly string[] {
  const names = known.map(({ name }) => name);
  if (wanted === undefined || wanted.length === 0) return names;
  const seen = new Set<string>();
  for (const name of wanted) {
    if (!names.includes(name))
      throw invalid('outputs', `outputs among ${names.join(', ')}`, `'${name.slice(0, 256)}'`);
    if (seen.has(name)) throw invalid('outputs', `the output '${name}' once`, 'it twice');
    seen.add(name);
  }
  return wanted;
}

function shapeText(shape: readonly number[]): string {
  const sizes = shape.slice(0, 16).join(', ');
  return shape.length > 16 ? `[${sizes}, …]` : `[${sizes}]`;
}

/**
 * Puts the rows of an answer together.
 * @throws SpikingRxError INTERNAL when rows have outputs of different shapes, which one tensor cannot hold.
 */
export function joinRows(
  names: readonly string[],
  model: ModelDescription,
  answers: readonly PendingAnswer[],
): Pick<TensorResult, 'outputs' | 'timing'> {
  const { batched, outputs } = model.signature;
  const tensors = names.map((name, index): NamedTensor => {
    const rows = answers.map(({ tensors: row }) => row[index]).filter((tensor) => tensor !== undefined);
    const [first] = rows;
    const type = outputs.find((output) => output.name === name)?.type;
    if (first === undefined || type === undefined)
      throw new SpikingRxError('INTERNAL', `there is no output '${name}'`);
    if (rows.some(({ shape }) => shape.join() !== first.shape.join()))
      throw new SpikingRxError('INTERNAL', `the rows of output '${name}' differ in their shape`);
    const shape = batched ? [rows.length, ...first.shape] : first.shape;
    return { name, type, shape, bytes: rows.length === 1 ? first.bytes : joined(rows) };
  });
  const slacks = answers.flatMap(({ timing: { slackMs } }) => (slackMs === undefined ? [] : [slackMs]));
  const most = (of: (answer: PendingAnswer) => number): number => Math.max(...answers.map(of));
  return {
    outputs: tensors,
    timing: {
      queueMs: most(({ timing }) => timing.queueMs),
      computeMs: most(({ timing }) => timing.computeMs),
      batchSize: most(({ timing }) => timing.batchSize),
      ...(slacks.length > 0 && { slackMs: Math.min(...slacks) }),
    },
  };
}

function joined(rows: readonly { readonly bytes: Uint8Array }[]): Uint8Array {
  const bytes = new Uint8Array(rows.reduce((sum, row) => sum + row.bytes.byteLength, 0));
  let offset = 0;
  for (const row of rows) {
    bytes.set(row.bytes, offset);
    offset += row.bytes.byteLength;
  }
  return bytes;
}
