import type { GraphBuilder } from '../onnx/builder.js';
import type { Value } from '../onnx/types.js';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Gradients are scaled down to this global norm. */
  readonly clipNorm: number;
}

/** Parameters and their moments, flat `[P]`. */
export interface AdamWState {
  readonly parameters: Value;
  readonly firstMoment: Value;
  readonly secondMoment: Value;
}

/** What changes from step to step, scalars `[]`. */
export interface StepScalars {
  readonly learningRate: Value;
  /** 1/(1 − β₁ᵗ) and 1/(1 − β₂ᵗ). */
  readonly correction1: Value;
  readonly correction2: Value;
}

/** Scales a flat gradient to a global norm of at most `limit`. */
export function clipByNorm(g: GraphBuilder, gradient: Value, limit: number): { clipped: Value; norm: Value } {
  const norm = g.sqrt(g.reduceSum(g.mul(gradient, gradient), [0]));
  return { clipped: g.mul(gradient, g.min(g.div(limit, g.add(norm, 1e-6)), 1)), norm };
}

/**
 * One step of AdamW (decoupled weight decay): m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²;
 * θ ← θ − η·(m̂/(√v̂ + ε) + λ·mask·θ).
 * @param decayMask `[P]`, 1 where weight decay applies
 */
export function adamW(
  g: GraphBuilder,
  state: AdamWState,
  { gradient, decayMask, scalars }: { gradient: Value; decayMask: Value; scalars: StepScalars },
  options: AdamWOptions,
): AdamWState {
  const { beta1, beta2, epsilon, weightDecay } = options;
  const firstMoment = g.add(g.mul(state.firstMoment, beta1), g.mul(gradient, 1 - beta1));
  const secondMoment = g.add(g.mul(state.secondMoment, beta2), g.mul(g.mul(gradient, gradient), 1 - beta2));
  const deviation = g.add(g.sqrt(g.mul(secondMoment, scalars.correction2)), epsilon);
  const direction = g.div(g.mul(firstMoment, scalars.correction1), deviation);
  const decay = g.mul(g.mul(state.parameters, decayMask), weightDecay);
  const update = g.mul(g.add(direction, decay), scalars.learningRate);
  return { parameters: g.sub(state.parameters, update), firstMoment, secondMoment };
}
