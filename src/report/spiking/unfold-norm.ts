/** What went into SpikeNorm and what came out of it, from the drive of a folded layer. */
import { betaOf } from '../../nn/fold.js';
import { dataOf } from '../../nn/context.js';
import type { TrainedNetwork } from '../../nn/service-graph.js';
import { NORM_EPSILON, statisticNames } from '../../nn/spike-norm.js';
import { type SpikingLayerSpec, statisticSteps } from '../../nn/spikingrx.js';

/** Both `[C, nSym, nSc]`, of one step. */
export interface NormValues {
  /** What the convolution gave: the argument of SpikeNorm. */
  readonly before: Float32Array;
  /** What SpikeNorm made of it: γ·(x − mean)/√(variance + ε) + bias. */
  readonly after: Float32Array;
}

/** One channel's drive is `gain·after`, and `after` is `slope·(before − mean) + bias`. */
interface ChannelNorm {
  readonly slope: number;
  readonly mean: number;
  readonly bias: number;
}

function channelNorms({ weights, statistics }: TrainedNetwork, layer: string, step: number): ChannelNorm[] {
  const names = statisticNames(`${layer}.norm`, step);
  const [mean, variance] = [dataOf(statistics, names.mean), dataOf(statistics, names.variance)];
  const bias = dataOf(weights, `${layer}.norm.bias`);
  return [...dataOf(weights, `${layer}.norm.gamma`)].map((gamma, c) => ({
    slope: gamma / Math.sqrt((variance[c] as number) + NORM_EPSILON),
    mean: mean[c] as number,
    bias: bias[c] as number,
  }));
}

/**
 * Undoes the folding of SpikeNorm into the convolution, which the service graph no longer shows. Exact but for
 * rounding; channels with γ = 0, of which nothing is left, are NaN before the norm.
 * @param drive what the folded convolution gives at this step, `[C, nSym, nSc]`
 * @param step from 0
 */
export function unfoldNorm(
  network: TrainedNetwork,
  layer: SpikingLayerSpec,
  { drive, step }: { readonly drive: Float32Array; readonly step: number },
): NormValues {
  const { config, weights } = network;
  const gain = (config.driveGain * (1 - betaOf(config, weights, layer.name))) / config.threshold;
  const norms = channelNorms(network, layer.name, statisticSteps(config, layer) === 1 ? 0 : step);
  const plane = drive.length / norms.length;
  const after = drive.map((value) => value / gain);
  const before = after.map((value, i) => {
    const { slope, mean, bias } = norms[Math.floor(i / plane)] as ChannelNorm;
    return slope === 0 ? Number.NaN : (value - bias) / slope + mean;
  });
  return { before, after };
}
