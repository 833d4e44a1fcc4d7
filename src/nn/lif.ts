import type { GraphBuilder, Operand } from '../onnx/builder.js';
import { formatShape } from '../onnx/shapes.js';
import type { Value } from '../onnx/types.js';
import { type Steps, stack, unstack } from './context.js';
import { TriangularSurrogate } from './surrogate.js';

export interface LifOptions {
  /** Decay of the membrane potential in one step, 0 ≤ β < 1: a number, or a trainable scalar of the graph. */
  readonly beta: Operand;
  /** Firing threshold θ > 0. */
  readonly threshold: number;
  readonly surrogate: TriangularSurrogate;
}

export const LIF_DEFAULTS: LifOptions = { beta: 0.9, threshold: 1, surrogate: new TriangularSurrogate() };

/** Spikes (0 or 1) and the membrane potential before the reset, for each step. */
export interface LifTrace<T> {
  readonly spikes: T;
  readonly membrane: T;
}

/**
 * Leaky integrate-and-fire neurons over a whole spike train: U ← βU + (1−β)I; S = H(U − θ); U ← U − Sθ, with
 * U = 0 before the first step.
 * @param current I, `[B, T, C, H, W]` or `[B, T, D]`, float32.
 * @returns both of the shape of `current`.
 * @throws Error on any other rank, naming the shape.
 */
export function lif(g: GraphBuilder, current: Value, options: LifOptions = LIF_DEFAULTS): LifTrace<Value> {
  const rank = current.shape.length;
  if (rank !== 5 && rank !== 3)
    throw new Error(
      `LIF input: expected [B, T, C, H, W] or [B, T, D], received ${formatShape(current.shape)}`,
    );
  const trace = lifSteps(g, unstack(g, current), options);
  return { spikes: stack(g, trace.spikes), membrane: stack(g, trace.membrane) };
}

/** The same on unstacked steps. */
export function lifSteps(g: GraphBuilder, currents: Steps, options: LifOptions): LifTrace<Steps> {
  const gain = typeof options.beta === 'number' ? 1 - options.beta : g.sub(1, options.beta);
  const drives = currents.map((current) => g.mul(current, gain));
  return fire(g, drives, options);
}

/**
 * The recurrence on a drive that is scaled already: U ← βU + drive; S = H(U − θ); U ← U − Sθ. The service and
 * the trainer fold (1−β)/θ into the layer before and call this with θ = 1.
 */
export function fire(
  g: GraphBuilder,
  drives: Steps,
  { beta, threshold, surrogate }: LifOptions,
): LifTrace<Steps> {
  const spikes: Value[] = [];
  const membrane: Value[] = [];
  let rest: Value | undefined;
  drives.forEach((drive, step) => {
    const charged = rest ? g.add(g.mul(rest, beta), drive) : drive;
    const spike = surrogate.apply(g, charged, threshold);
    membrane.push(charged);
    spikes.push(spike);
    // After the last step nobody asks for the potential again.
    if (step < drives.length - 1) rest = g.sub(charged, threshold === 1 ? spike : g.mul(spike, threshold));
  });
  return { spikes, membrane };
}

/** One step of one neuron in plain arithmetic, the reference that graphs are checked against. */
export function lifStep(
  potential: number,
  current: number,
  { beta, threshold }: { readonly beta: number; readonly threshold: number },
): { readonly spike: 0 | 1; readonly charged: number; readonly potential: number } {
  const charged = beta * potential + (1 - beta) * current;
  const spike = charged >= threshold ? 1 : 0;
  return { spike, charged, potential: charged - spike * threshold };
}
