import { invalid, SpikingRxError } from '../errors.js';
import { TENSOR_NAMES } from '../onnx/contract.js';
import { makeRow, type Row, type RunnableModel } from './row.js';
import type { LlrRequest } from './types.js';

/** One for all rows, so that a message to a worker holds it once. */
const LLR_ONLY = [TENSOR_NAMES.llr];

type LlrModel = RunnableModel & { readonly misfit?: string | undefined };

/**
 * Checks a request against the contract of its model: what would otherwise fail, or silently shift rows,
 * inside a batch shared with others.
 * @throws SpikingRxError INVALID_ARGUMENT naming the field, what was expected and what came;
 *   FAILED_PRECONDITION when the model does not fit the contract.
 */
export function requireFit(request: LlrRequest, model: LlrModel): void {
  const { shape, format, dataMask } = request;
  const { contract } = model;
  if (contract === undefined) throw takesTensors(request.model, model.misfit);
  requireSize('shape.nRx', shape.nRx, contract.nRx);
  requireSize('shape.nSym', shape.nSym, contract.nSym);
  requireSize('shape.nSc', shape.nSc, contract.nSc);
  const { nRx, nSym, nSc } = shape;
  requireLength('rxGrid', request.rxGrid, 2 * nRx * nSym * nSc);
  requireLength('dmrs', request.dmrs, 2 * nSym * nSc);
  requireLength('dataMask', dataMask, nSym * nSc);
  if (!(Number.isFinite(format.scale) && format.scale > 0)) {
    throw invalid('format.scale', 'a positive finite number', String(format.scale));
  }
  requireDeadline(request.deadlineMs);
}

/** The row of a request. @throws SpikingRxError as `requireFit` does. */
export function llrRow(request: LlrRequest, model: LlrModel): Row {
  requireFit(request, model);
  const { format, dataMask } = request;
  const { nRx, nSym, nSc } = request.shape;
  const { signature } = model;
  const inputs = signature.inputs.map(({ name }) => {
    const isRx = name === TENSOR_NAMES.rxGrid;
    const { buffer, byteOffset, byteLength } = isRx ? request.rxGrid : request.dmrs;
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    return { shape: [isRx ? 2 * nRx : 2, nSym, nSc], bytes };
  });
  return makeRow({ inputs, outputs: LLR_ONLY, llr: { format, dataMask } }, model);
}

/** What requests for LLRs get from a model without contract. */
export function takesTensors(model: string | undefined, misfit = ''): SpikingRxError {
  return new SpikingRxError(
    'FAILED_PRECONDITION',
    `model '${model ?? 'default'}' takes tensors, not grids: it is served by the Open Inference Protocol only (${misfit})`,
    { field: 'model' },
  );
}

export function requireDeadline(deadlineMs: number | undefined): void {
  if (Number.isNaN(deadlineMs))
    throw invalid('deadlineMs', 'milliseconds on the performance.now() clock', 'NaN');
}

function requireSize(field: string, value: number, fixed: number | undefined): void {
  if (fixed !== undefined && value !== fixed) throw invalid(field, String(fixed), String(value));
  if (!(Number.isSafeInteger(value) && value >= 1))
    throw invalid(field, 'a positive whole number', String(value));
}

function requireLength(field: string, array: { readonly length: number }, expected: number): void {
  if (array.length !== expected) throw invalid(field, `${expected} values`, `${array.length}`);
}
