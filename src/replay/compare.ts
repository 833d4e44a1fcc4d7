import { llrValues, type Llr } from '../client/index.js';
import { gridLlr } from '../client/wire.js';
import type { GridResultMessage } from '../wire/messages.js';

export interface Difference {
  /** Largest |difference| of two LLRs, without the scale asked for; infinite where they do not match in number. */
  readonly most: number;
  readonly isIdentical: boolean;
}

/**
 * How far the LLRs of two answers to one grid are from each other.
 * @param scale that both were asked to be multiplied by.
 */
export function compareAnswers(was: GridResultMessage, is: GridResultMessage, scale: number): Difference {
  const before = gridLlr(was).llr;
  const now = gridLlr(is).llr;
  if (before.datatype !== now.datatype || before.shape.join() !== now.shape.join())
    return { most: Number.POSITIVE_INFINITY, isIdentical: false };
  if (Buffer.compare(before.data, now.data) === 0) return { most: 0, isIdentical: true };
  return { most: largestDifference(before, now) / scale, isIdentical: false };
}

function largestDifference(before: Llr, now: Llr): number {
  const others = llrValues(now);
  return llrValues(before).reduce((most, value, i) => Math.max(most, Math.abs(value - others[i]!)), 0);
}
