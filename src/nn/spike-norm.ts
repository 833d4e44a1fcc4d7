import type { GraphBuilder, Operand } from '../onnx/builder.js';
import { formatShape } from '../onnx/shapes.js';
import type { Value } from '../onnx/types.js';
import { type BuildContext, type Moments, type Steps, stack, unstack } from './context.js';
import { type TensorSpec, constantSpec } from './parameters.js';

/** Added to the variance, as usual in batch normalisation. */
export const NORM_EPSILON = 1e-5;

/** γ (one) and bias (zero), each `[1, C, 1, 1]`, shared by all time steps. */
export function spikeNormSpecs(name: string, channels: number): TensorSpec[] {
  const shape = [1, channels, 1, 1];
  return [constantSpec(`${name}.gamma`, shape, 1), constantSpec(`${name}.bias`, shape, 0)];
}

/** Names of the running statistics of one step. */
export function statisticNames(layer: string, step: number): { mean: string; variance: string } {
  return { mean: `${layer}.mean.${step}`, variance: `${layer}.variance.${step}` };
}

/** Running mean (zero) and variance (one), `[1, C, 1, 1]`, for each of `steps` time steps. */
export function statisticSpecs(layer: string, channels: number, steps: number): TensorSpec[] {
  const shape = [1, channels, 1, 1];
  return Array.from({ length: steps }, (_, step) => {
    const { mean, variance } = statisticNames(layer, step);
    return [constantSpec(mean, shape, 0), constantSpec(variance, shape, 1)];
  }).flat();
}

/** Mean and (biased) variance of each channel over batch and grid. @param x `[B, C, H, W]` */
function batchMoments(g: GraphBuilder, x: Value): Moments {
  const mean = g.reduceMean(x, [0, 2, 3], true);
  const power = g.reduceMean(g.mul(x, x), [0, 2, 3], true);
  // E[x²] − E[x]² saves a pass over the activations; rounding must not make it negative.
  return { mean, variance: g.max(g.sub(power, g.mul(mean, mean)), 0) };
}

/**
 * Batch normalisation of each channel, each time step on its own: gain·(γ·(x − mean)/√(variance + ε) + bias).
 * Statistics never mix time steps.
 * @param steps T tensors `[B, C, H, W]`
 * @param gain factor on the output, for a layer that wants its drive scaled; 1 in the plain module
 */
export function spikeNormSteps(context: BuildContext, name: string, steps: Steps, gain: Operand = 1): Steps {
  const { g, parameter, normalisation } = context;
  const gamma = parameter(`${name}.gamma`);
  const bias = parameter(`${name}.bias`);
  return steps.map((x, step) => {
    const moments = normalisation.kind === 'batch' ? batchMoments(g, x) : normalisation.moments(name, step);
    if (normalisation.kind === 'batch') normalisation.observe(name, step, moments);
    // Everything per channel is worked out on [1, C, 1, 1]; the grid sees one multiplication and one addition.
    const deviation = g.sqrt(g.add(moments.variance, NORM_EPSILON));
    const scale = g.div(g.mul(gamma, gain), deviation);
    const shift = g.sub(g.mul(bias, gain), g.mul(moments.mean, scale));
    return g.add(g.mul(x, scale), shift);
  });
}

/**
 * SpikeNorm as a module of its own.
 * @param x `[B, C, H, W]` or `[B, T, C, H, W]` @returns the same shape
 * @throws Error on any other rank, naming the shape
 */
export function spikeNorm(context: BuildContext, name: string, x: Value): Value {
  if (x.shape.length === 4) return spikeNormSteps(context, name, [x])[0] as Value;
  if (x.shape.length === 5) return stack(context.g, spikeNormSteps(context, name, unstack(context.g, x)));
  throw new Error(
    `SpikeNorm input: expected [B, C, H, W] or [B, T, C, H, W], received ${formatShape(x.shape)}`,
  );
}
