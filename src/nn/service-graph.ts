import { GraphBuilder } from '../onnx/builder.js';
import { CONTRACT_VERSION, METADATA_KEYS, TENSOR_NAMES } from '../onnx/contract.js';
import { encodeModel } from '../onnx/model-file.js';
import type { Value } from '../onnx/types.js';
import { type SpikingRxConfig, bitsPerSymbol } from './config.js';
import { type Steps, initializerSource } from './context.js';
import { samePadding } from './conv-block.js';
import { type FoldedConvolution, foldLayer } from './fold.js';
import { type Weights, totalSize } from './parameters.js';
import { statisticNames } from './spike-norm.js';
import {
  type ForwardPass,
  type LayerBuilder,
  type SpikingLayerSpec,
  activate,
  contractInputs,
  parameterSpecs,
  plainLayers,
  repeat,
  runningStatisticSpecs,
  spikingRx,
} from './spikingrx.js';

/** A trained network: configuration, parameters and running statistics. */
export interface TrainedNetwork {
  readonly config: SpikingRxConfig;
  readonly weights: Weights;
  readonly statistics: Weights;
}

function foldedConv(g: GraphBuilder, layer: SpikingLayerSpec, step: number, folded: FoldedConvolution) {
  const shape = [layer.outChannels, layer.inChannels, 3, 3];
  const weight = g.initializer(`${layer.name}.weight.${step}`, shape, folded.weight);
  const bias = g.initializer(`${layer.name}.bias.${step}`, [layer.outChannels], folded.bias);
  return (x: Value): Value => g.conv(x, weight, bias, samePadding(layer.dilation));
}

/**
 * Layers for service: norm and (1−β)/θ folded into the convolution. Where all steps share one set of weights the
 * convolution runs once over `[T·B, …]`; where they differ it runs step by step.
 */
function foldedLayers(g: GraphBuilder, { config, weights, statistics }: TrainedNetwork): LayerBuilder {
  return (layer, inputs) => {
    const { convolutions, beta } = foldLayer(config, layer, weights, statistics);
    const convs = convolutions.map((folded, step) => foldedConv(g, layer, step, folded));
    const drives = runSteps(g, convs, layer.constantInput ? inputs.slice(0, 1) : inputs);
    return activate(g, config, repeat(drives, inputs.length), beta);
  };
}

function runSteps(g: GraphBuilder, convs: readonly ((x: Value) => Value)[], inputs: Steps): Steps {
  const [shared] = convs;
  if (convs.length > 1 || !shared) return inputs.map((x, step) => convs[step]?.(x) as Value);
  return g.split(shared(g.concat(inputs, 0)), 0, inputs.length);
}

export type GraphForm = 'service' | 'plain';

/**
 * Builds the network for inference, with symbolic batch, symbols and subcarriers. `service` is folded;
 * `plain` is step by step as defined, with frozen statistics: the reference that the service graph is held to.
 */
export function buildInferenceGraph(
  network: TrainedNetwork,
  form: GraphForm = 'service',
): { readonly g: GraphBuilder; readonly pass: ForwardPass } {
  const g = new GraphBuilder('spikingrx');
  const inputs = contractInputs(g, network.config.nRx);
  const parameter = initializerSource(g, parameterSpecs(network.config), network.weights);
  const layers = form === 'service' ? foldedLayers(g, network) : frozenLayers(g, network, parameter);
  const pass = spikingRx({ g, parameter, layers }, network.config, inputs);
  g.output(pass.llr, TENSOR_NAMES.llr);
  return { g, pass };
}

function frozenLayers(
  g: GraphBuilder,
  network: TrainedNetwork,
  parameter: (name: string) => Value,
): LayerBuilder {
  const { config } = network;
  const statistic = initializerSource(g, runningStatisticSpecs(config), network.statistics);
  const shared = config.normStatistics === 'shared';
  const moments = (layer: string, step: number) => {
    const names = statisticNames(layer, shared ? 0 : step);
    return { mean: statistic(names.mean), variance: statistic(names.variance) };
  };
  return plainLayers({ g, parameter, normalisation: { kind: 'frozen', moments } }, config);
}

/** What the model file says about itself. */
export interface ModelIdentity {
  readonly name: string;
  readonly version: string;
  /** How it was trained: steps, seed, data, measured figures. */
  readonly training?: Readonly<Record<string, unknown>>;
}

/** The service graph as an ONNX file with the contract's names, dynamic sizes and metadata. */
export function encodeServiceModel(network: TrainedNetwork, identity: ModelIdentity): Uint8Array {
  const { g } = buildInferenceGraph(network, 'service');
  const { config } = network;
  const published = {
    ...identity,
    ...config,
    bitsPerSymbol: bitsPerSymbol(config),
    precision: 'float32',
    llr: 'ln P(b=0)/P(b=1)',
    parameters: totalSize(parameterSpecs(config)),
  };
  return encodeModel(g, {
    [METADATA_KEYS.contract]: CONTRACT_VERSION,
    [METADATA_KEYS.config]: JSON.stringify(published),
  });
}
