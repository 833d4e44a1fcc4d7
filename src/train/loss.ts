import type { GraphBuilder } from '../onnx/builder.js';
import type { Value } from '../onnx/types.js';

export interface Targets {
  /** 1 − 2b: +1 for a 0 bit, −1 for a 1 bit. `[B, Qm, nSym, nSc]`. */
  readonly signs: Value;
  /** Weight of each resource element in the loss, zero where it carries no data. `[B, 1, nSym, nSc]`. */
  readonly weights: Value;
}

/**
 * Binary cross-entropy with logits over the data resource elements, in nats a bit:
 * Σ w·softplus(−(1−2b)·LLR) / (Qm·Σ w). Its minimum is reached by the true LLR ln P(b=0)/P(b=1).
 * @param llr `[B, Qm, nSym, nSc]` @returns `[]`
 */
export function bceWithLogits(g: GraphBuilder, llr: Value, { signs, weights }: Targets): Value {
  const penalty = g.softplus(g.neg(g.mul(llr, signs)));
  const total = g.reduceSum(g.mul(penalty, weights), [0, 1, 2, 3]);
  return g.div(total, g.mul(g.reduceSum(weights, [0, 1, 2, 3]), llr.shape[1] as number));
}

/** Number of data bits whose LLR has the wrong sign; an LLR of 0 counts as a decision for 0. `[]`. */
export function countBitErrors(g: GraphBuilder, llr: Value, { signs, weights }: Targets): Value {
  const decision = g.where(g.greaterOrEqual(llr, 0), 1, -1);
  const wrong = g.mul(g.sub(1, g.mul(decision, signs)), 0.5);
  const isData = g.where(g.greaterOrEqual(0, weights), 0, 1);
  return g.reduceSum(g.mul(wrong, isData), [0, 1, 2, 3]);
}
