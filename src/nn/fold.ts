import type { SpikingRxConfig } from './config.js';
import { dataOf } from './context.js';
import type { Weights } from './parameters.js';
import { NORM_EPSILON, statisticNames } from './spike-norm.js';
import { type SpikingLayerSpec, betaName, statisticSteps } from './spikingrx.js';

/** A convolution whose output is the drive of LIF neurons with θ = 1, or the argument of a ReLU. */
export interface FoldedConvolution {
  /** `[Cout, Cin, 3, 3]`. */
  readonly weight: Float32Array;
  /** `[Cout]`. */
  readonly bias: Float32Array;
}

export interface FoldedLayer {
  /** One for each time step, or a single one where all steps share it. */
  readonly convolutions: readonly FoldedConvolution[];
  readonly beta: number;
}

/** β of a layer, trained or fixed. */
export function betaOf(config: SpikingRxConfig, weights: Weights, layer: string): number {
  if (!config.trainBeta) return config.beta;
  return 1 / (1 + Math.exp(-(dataOf(weights, betaName(layer))[0] as number)));
}

/**
 * Folds SpikeNorm's frozen statistics and (1−β)/θ into the convolution before it: with
 * a = gain·γ/√(variance + ε) and gain = driveGain·(1−β)/θ, weights become a·w and biases
 * a·(b − mean) + gain·bias. Before a ReLU gain is 1.
 */
export function foldLayer(
  config: SpikingRxConfig,
  layer: SpikingLayerSpec,
  weights: Weights,
  statistics: Weights,
): FoldedLayer {
  const beta = betaOf(config, weights, layer.name);
  const gain = config.activation === 'relu' ? 1 : (config.driveGain * (1 - beta)) / config.threshold;
  const convolutions = Array.from({ length: statisticSteps(config, layer) }, (_, step) =>
    foldStep(layer.name, { gain, step, weights, statistics }),
  );
  return { convolutions, beta };
}

function foldStep(
  name: string,
  { gain, step, weights, statistics }: { gain: number; step: number; weights: Weights; statistics: Weights },
): FoldedConvolution {
  const names = statisticNames(`${name}.norm`, step);
  const [mean, variance] = [dataOf(statistics, names.mean), dataOf(statistics, names.variance)];
  const [gamma, shift] = [dataOf(weights, `${name}.norm.gamma`), dataOf(weights, `${name}.norm.bias`)];
  const [weight, bias] = [dataOf(weights, `${name}.conv.weight`), dataOf(weights, `${name}.conv.bias`)];
  const scale = gamma.map((value, c) => (gain * value) / Math.sqrt((variance[c] as number) + NORM_EPSILON));
  const perChannel = weight.length / bias.length;
  return {
    weight: weight.map((w, i) => w * (scale[Math.floor(i / perChannel)] as number)),
    bias: bias.map((b, c) => (scale[c] as number) * (b - (mean[c] as number)) + gain * (shift[c] as number)),
  };
}
