import { invalid } from '../errors.js';
import type { ModelContract } from '../onnx/contract.js';
import { resourceElements, rxPlanes } from './batch-layout.js';
import type { LlrRequest } from './types.js';

/**
 * Checks a request against the contract of its model: what would otherwise fail, or silently shift rows,
 * inside a batch shared with others.
 * @throws SpikingRxError INVALID_ARGUMENT naming the field, what was expected and what came.
 */
export function checkRequest(request: LlrRequest, contract: ModelContract): void {
  const { shape, format } = request;
  requireSize('shape.nRx', shape.nRx, contract.nRx);
  requireSize('shape.nSym', shape.nSym, contract.nSym);
  requireSize('shape.nSc', shape.nSc, contract.nSc);
  const elements = resourceElements(shape);
  requireLength('rxGrid', request.rxGrid, rxPlanes(shape) * elements);
  requireLength('dmrs', request.dmrs, 2 * elements);
  requireLength('dataMask', request.dataMask, elements);
  if (!(Number.isFinite(format.scale) && format.scale > 0)) {
    throw invalid('format.scale', 'a positive finite number', String(format.scale));
  }
  if (request.deadlineMs !== undefined && Number.isNaN(request.deadlineMs)) {
    throw invalid('deadlineMs', 'milliseconds on the performance.now() clock', 'NaN');
  }
}

function requireSize(field: string, value: number, fixed: number | undefined): void {
  if (fixed !== undefined && value !== fixed) throw invalid(field, String(fixed), String(value));
  if (!(Number.isSafeInteger(value) && value >= 1))
    throw invalid(field, 'a positive whole number', String(value));
}

function requireLength(field: string, array: { readonly length: number }, expected: number): void {
  if (array.length !== expected) throw invalid(field, `${expected} values`, `${array.length}`);
}
