/**
 * Length-31 Gold sequence, TS 38.211 §5.2.1:
 * `c(n) = x1(n+Nc) ⊕ x2(n+Nc)`, `x1(n+31) = x1(n+3) ⊕ x1(n)`,
 * `x2(n+31) = x2(n+3) ⊕ x2(n+2) ⊕ x2(n+1) ⊕ x2(n)`.
 *
 * A register holds 31 bits, bit i = x(n+i). The highest tap is 3, so 28 new bits follow from one word
 * operation.
 */
import { invalid } from '../errors.js';

/** Nc of TS 38.211 §5.2.1: how many bits of both registers are skipped. */
const SKIPPED_BITS = 1600;
const STEP = 28;
const STEP_MASK = 0x0fff_ffff;

/** x1 moved on by `n` ≤ 28 bits. */
function advanceX1(x: number, n: number): number {
  const fresh = (x ^ (x >>> 3)) & STEP_MASK;
  return ((x >>> n) | (fresh << (31 - n))) & 0x7fff_ffff;
}

/** x2 moved on by `n` ≤ 28 bits. */
function advanceX2(x: number, n: number): number {
  const fresh = (x ^ (x >>> 1) ^ (x >>> 2) ^ (x >>> 3)) & STEP_MASK;
  return ((x >>> n) | (fresh << (31 - n))) & 0x7fff_ffff;
}

/**
 * The pseudo-random sequence c(0) … c(length−1), one bit per byte.
 * @param cInit initial value of the second register, 0 … 2³¹−1.
 */
export function goldSequence(cInit: number, length: number): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(cInit) || cInit < 0 || cInit > 0x7fff_ffff) {
    throw invalid('cInit', 'an integer from 0 to 2^31-1', String(cInit));
  }
  if (!Number.isInteger(length) || length < 0) {
    throw invalid('length', 'a non-negative integer', String(length));
  }
  let x1 = 1;
  let x2 = cInit;
  let skip = SKIPPED_BITS;
  while (skip > 0) {
    const n = Math.min(skip, STEP);
    x1 = advanceX1(x1, n);
    x2 = advanceX2(x2, n);
    skip -= n;
  }
  const bits = new Uint8Array(length);
  for (let start = 0; start < length; start += STEP) {
    const word = x1 ^ x2;
    const end = Math.min(length - start, STEP);
    for (let i = 0; i < end; i++) bits[start + i] = (word >>> i) & 1;
    x1 = advanceX1(x1, STEP);
    x2 = advanceX2(x2, STEP);
  }
  return bits;
}
