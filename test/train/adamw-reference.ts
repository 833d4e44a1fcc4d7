import { at } from '../support/matchers.js';

/** Parameters and moments in double precision. */
export interface ReferenceState {
  readonly parameters: readonly number[];
  readonly firstMoment: readonly number[];
  readonly secondMoment: readonly number[];
}

export function startOf(parameters: readonly number[]): ReferenceState {
  const zeros = parameters.map(() => 0);
  return { parameters, firstMoment: zeros, secondMoment: zeros };
}

/** AdamW as Loshchilov and Hutter write it (algorithm 2, the schedule in `rate`). @param step from 0 */
export function adamWReference(
  state: ReferenceState,
  {
    gradient,
    mask,
    rate,
    step,
  }: { gradient: readonly number[]; mask: readonly number[]; rate: number; step: number },
  {
    beta1,
    beta2,
    epsilon,
    weightDecay,
  }: { beta1: number; beta2: number; epsilon: number; weightDecay: number },
): ReferenceState {
  const firstMoment = state.firstMoment.map((m, i) => beta1 * m + (1 - beta1) * at(gradient, i));
  const secondMoment = state.secondMoment.map((v, i) => beta2 * v + (1 - beta2) * at(gradient, i) ** 2);
  const parameters = state.parameters.map((p, i) => {
    const m = at(firstMoment, i) / (1 - beta1 ** (step + 1));
    const v = at(secondMoment, i) / (1 - beta2 ** (step + 1));
    return p - rate * (m / (Math.sqrt(v) + epsilon) + weightDecay * at(mask, i) * p);
  });
  return { parameters, firstMoment, secondMoment };
}
