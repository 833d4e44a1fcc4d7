import type { GraphBuilder, Operand } from '../onnx/builder.js';
import { DIMS, TENSOR_NAMES } from '../onnx/contract.js';
import type { Dim, Value } from '../onnx/types.js';
import { type SpikingRxConfig, bitsPerSymbol } from './config.js';
import type { BuildContext, Steps } from './context.js';
import { type Dilation, convBlock, convBlockSpecs } from './conv-block.js';
import { type Features, estimateFeatureCount, estimateFeatures, featureCount, features } from './features.js';
import { fire, lifSteps } from './lif.js';
import { type TensorSpec, constantSpec } from './parameters.js';
import { type ReadoutShape, readout, readoutSpecs } from './readout.js';
import { joinShortcut, sewBlockSpecs } from './sew-block.js';
import { spikeNormSpecs, spikeNormSteps, statisticSpecs } from './spike-norm.js';
import { TriangularSurrogate } from './surrogate.js';

/** A spiking layer LIF(SpikeNorm(Conv(x))): the stem, or the branch of a SEW block. */
export interface SpikingLayerSpec {
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly dilation: Dilation;
  /** The stem sees the same input at every step: its convolution runs once. */
  readonly constantInput: boolean;
}

export function spikingLayers(config: SpikingRxConfig): readonly SpikingLayerSpec[] {
  const { channels } = config;
  const stem: SpikingLayerSpec = {
    name: 'stem',
    inChannels: featureCount(config),
    outChannels: channels,
    dilation: [1, 1],
    constantInput: true,
  };
  const blocks = config.dilations.map(
    (dilation, i): SpikingLayerSpec => ({
      name: `block${i + 1}`,
      inChannels: channels,
      outChannels: channels,
      dilation,
      constantInput: false,
    }),
  );
  return [stem, ...blocks];
}

/** Steps for which a layer keeps statistics of its own. */
export function statisticSteps(config: SpikingRxConfig, layer: SpikingLayerSpec): number {
  return layer.constantInput || config.normStatistics === 'shared' ? 1 : config.timeSteps;
}

/** β of a trained layer is the sigmoid of this parameter. */
export function betaName(layer: string): string {
  return `${layer}.beta_logit`;
}

/** All trainable parameters, in the order in which they are drawn and stored. */
export function parameterSpecs(config: SpikingRxConfig): readonly TensorSpec[] {
  const logit = Math.log(config.beta / (1 - config.beta));
  const layers = spikingLayers(config).flatMap((layer) => [
    ...(layer.name === 'stem'
      ? [...convBlockSpecs('stem.conv', layer), ...spikeNormSpecs('stem.norm', layer.outChannels)]
      : sewBlockSpecs(layer.name, layer)),
    ...(config.trainBeta ? [constantSpec(betaName(layer.name), [], logit)] : []),
  ]);
  return [...layers, ...analogSpecs(config)];
}

/** Parameters of what follows the spikes. */
function analogSpecs(config: SpikingRxConfig): TensorSpec[] {
  const read = config.channels + (config.featureSkip ? featureCount(config) : 0);
  const { readoutWidth: width, nRx } = config;
  const llr: Omit<ReadoutShape, 'inChannels'> = {
    width,
    output: 'llr',
    outChannels: bitsPerSymbol(config),
    outputScale: 1,
  };
  if (!config.channelRefinement) return readoutSpecs('readout', { ...llr, inChannels: read });
  // The correction starts at zero: training starts from the estimate among the features.
  const correction = { inChannels: read, width, output: 'channel', outChannels: 2 * nRx, outputScale: 0 };
  return [
    ...readoutSpecs('refinement', correction),
    ...readoutSpecs('readout', { ...llr, inChannels: read + estimateFeatureCount(nRx) }),
  ];
}

/** All running statistics. */
export function runningStatisticSpecs(config: SpikingRxConfig): readonly TensorSpec[] {
  return spikingLayers(config).flatMap((layer) =>
    statisticSpecs(`${layer.name}.norm`, layer.outChannels, statisticSteps(config, layer)),
  );
}

/** How spiking layers are put into a graph: as they are defined, or folded for service. */
export type LayerBuilder = (layer: SpikingLayerSpec, inputs: Steps) => Steps;

export function surrogateOf(config: SpikingRxConfig): TriangularSurrogate {
  return new TriangularSurrogate(config.surrogateWidth);
}

function convolve(context: BuildContext, layer: SpikingLayerSpec, inputs: Steps): Steps {
  const distinct = layer.constantInput ? inputs.slice(0, 1) : inputs;
  return distinct.map((x) => convBlock(context, `${layer.name}.conv`, x, layer.dilation));
}

/** Repeats the one result of a layer whose input is the same at every step. */
export function repeat(steps: Steps, count: number): Steps {
  return steps.length === 1 ? Array.from({ length: count }, () => steps[0] as Value) : steps;
}

/** β of a layer: trained, or the configured number. */
function betaOperand(
  { g, parameter }: BuildContext,
  config: SpikingRxConfig,
  layer: SpikingLayerSpec,
): Operand {
  return config.trainBeta ? g.sigmoid(parameter(betaName(layer.name))) : config.beta;
}

/** Layers step by step, exactly as defined: Conv, SpikeNorm, then LIF with (1−β)I and threshold θ. */
export function plainLayers(context: BuildContext, config: SpikingRxConfig): LayerBuilder {
  const { g } = context;
  return (layer, inputs) => {
    const convolved = convolve(context, layer, inputs);
    const gain = config.activation === 'relu' ? 1 : config.driveGain;
    const currents = spikeNormSteps(context, `${layer.name}.norm`, convolved, gain);
    if (config.activation === 'relu') return currents.map((current) => g.relu(current));
    const beta = betaOperand(context, config, layer);
    const options = { beta, threshold: config.threshold, surrogate: surrogateOf(config) };
    return lifSteps(g, repeat(currents, inputs.length), options).spikes;
  };
}

/**
 * The same layers with the potential measured in units of θ: the factor (1−β)/θ moves into SpikeNorm's
 * per-channel scale, which saves passes over the activations in the forward and the backward pass.
 */
export function scaledLayers(context: BuildContext, config: SpikingRxConfig): LayerBuilder {
  const { g } = context;
  return (layer, inputs) => {
    const beta = betaOperand(context, config, layer);
    const gain = driveScale(g, config, beta);
    const drives = spikeNormSteps(context, `${layer.name}.norm`, convolve(context, layer, inputs), gain);
    return activate(g, config, repeat(drives, inputs.length), beta);
  };
}

/** Factor on the normalised current that makes it the drive of neurons with θ = 1; ReLUs take it as it is. */
function driveScale(g: GraphBuilder, config: SpikingRxConfig, beta: Operand): Operand {
  if (config.activation === 'relu') return 1;
  const factor = config.driveGain / config.threshold;
  return typeof beta === 'number' ? factor * (1 - beta) : g.mul(g.sub(1, beta), factor);
}

/** LIF neurons with θ = 1, or ReLUs, on their drives. */
export function activate(g: GraphBuilder, config: SpikingRxConfig, drives: Steps, beta: Operand): Steps {
  if (config.activation === 'relu') return drives.map((drive) => g.relu(drive));
  const surrogate = surrogateOf(config).inUnitsOf(config.threshold);
  return fire(g, drives, { beta, threshold: 1, surrogate }).spikes;
}

/** Values of a forward pass that are worth looking at. */
export interface ForwardPass {
  /** `[B, Qm, nSym, nSc]`. */
  readonly llr: Value;
  readonly features: Value;
  /** Spikes (of an ANN: outputs of the ReLUs) of every layer, for each step `[B, C, nSym, nSc]`. */
  readonly spikes: ReadonlyMap<string, Steps>;
}

/**
 * The whole network: features ▸ stem ▸ SEW blocks ▸ mean over T ▸ readout. With `featureSkip` the readout, which
 * is analog, sees the features beside the mean: fine differences of amplitude need not pass through spikes. With
 * `channelRefinement` the spikes also set a filter, which starts from the channel estimate, and the readout sees what
 * it makes of the received grid: at high SNR that product wants more precision than spikes carry.
 * @param rx `[B, 2·nRx, nSym, nSc]` @param dmrs `[B, 2, nSym, nSc]`
 */
export function spikingRx(
  { g, parameter, layers }: Pick<BuildContext, 'g' | 'parameter'> & { readonly layers: LayerBuilder },
  config: SpikingRxConfig,
  { rx, dmrs }: { readonly rx: Value; readonly dmrs: Value },
): ForwardPass {
  const input = features(g, rx, dmrs, config);
  const spikes = new Map<string, Steps>();
  let steps: Steps = Array.from({ length: config.timeSteps }, () => input.planes);
  for (const layer of spikingLayers(config)) {
    steps = g.scope(layer.name, () => {
      const fired = layers(layer, steps);
      spikes.set(layer.name, fired);
      if (layer.constantInput) return fired;
      const options = { shape: layer, connection: config.connection };
      return joinShortcut({ g, parameter }, layer.name, { spikes: fired, inputs: steps }, options);
    });
  }
  const mean = g.mul(sum(g, steps), 1 / config.timeSteps);
  const read = config.featureSkip ? g.concat([mean, input.planes], 1) : mean;
  const refined = config.channelRefinement ? refine({ g, parameter }, read, input) : [];
  const llr = readout({ g, parameter }, 'readout', g.concat([read, ...refined], 1), 'llr');
  return { llr, features: input.planes, spikes };
}

/**
 * Adds to the channel estimate of the widest kernel what the spikes say; the planes that the sum gives. It takes the
 * place of a channel estimate, but no loss asks for the channel, and training leaves none: see docs/how-to/training.md.
 */
function refine(
  context: Pick<BuildContext, 'g' | 'parameter'>,
  read: Value,
  { channels, signals }: Features,
): Value[] {
  const { g } = context;
  const correction = readout(context, 'refinement', read, 'channel');
  const filter = g.add(channels.at(-1) as Value, correction);
  return g.scope('refinement', () => estimateFeatures(g, filter, signals));
}

function sum(g: GraphBuilder, steps: Steps): Value {
  return steps.slice(1).reduce((total, step) => g.add(total, step), steps[0] as Value);
}

/** Declares the two inputs of the model contract. Sizes default to symbolic ones. */
export function contractInputs(
  g: GraphBuilder,
  nRx: number,
  [batch, nSym, nSc]: readonly [Dim, Dim, Dim] = [DIMS.batch, DIMS.symbols, DIMS.subcarriers],
): { readonly rx: Value; readonly dmrs: Value } {
  return {
    rx: g.input(TENSOR_NAMES.rxGrid, 'float32', [batch, 2 * nRx, nSym, nSc]),
    dmrs: g.input(TENSOR_NAMES.dmrs, 'float32', [batch, 2, nSym, nSc]),
  };
}
