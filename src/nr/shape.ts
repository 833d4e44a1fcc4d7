import { invalid } from '../errors.js';

/** Subcarriers in a resource block, TS 38.211 §4.4.4.1. */
export const SUBCARRIERS_PER_RB = 12;

/** OFDM symbols in a slot with normal cyclic prefix, TS 38.211 §4.3.2; 12 with the extended one. */
export const SYMBOLS_PER_SLOT = 14;

/** Size of a resource grid: OFDM symbols by subcarriers. */
export interface PlaneShape {
  readonly nSym: number;
  readonly nSc: number;
}

/** @throws INVALID_ARGUMENT unless `value` is an integer in `[min, max]`. */
export function requireInteger(field: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw invalid(field, `an integer from ${min} to ${max}`, String(value));
  }
}

/** @throws INVALID_ARGUMENT unless the shape is whole resource blocks (1 … 275) by 1 … 14 symbols. */
export function requirePlaneShape(shape: PlaneShape): void {
  requireInteger('nSym', shape.nSym, 1, SYMBOLS_PER_SLOT);
  requireInteger('nSc', shape.nSc, SUBCARRIERS_PER_RB, 275 * SUBCARRIERS_PER_RB);
  if (shape.nSc % SUBCARRIERS_PER_RB !== 0) {
    throw invalid('nSc', `a multiple of ${SUBCARRIERS_PER_RB}`, String(shape.nSc));
  }
}
