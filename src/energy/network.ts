/** The convolutions of a model file, by layer, and what each of them computes with. */
import { SpikingRxError } from '../errors.js';
import { type StepValues, findTaps, isLayerConvolution, scopeOf } from '../onnx/taps.js';
import type { FileNode, ModelNodes } from '../onnx/model-nodes.js';
import type { ConvolutionShape } from './geometry.js';

export interface CountedConvolution {
  readonly shape: ConvolutionShape;
  /** Passes over the grid: T at most. */
  readonly passes: number;
  /** Of a fixed kernel: the weights at each tap that are not zero. */
  readonly pairs?: readonly number[];
}

/** Operations element by element of the neurons and of the SEW connections, each on all neurons of the layer. */
export interface ElementwiseNodes {
  readonly multiplications: number;
  readonly additions: number;
  readonly comparisons: number;
}

export interface NetworkLayer {
  readonly name: string;
  /** Convolutions of analog values: multiply-accumulates. */
  readonly analog: readonly CountedConvolution[];
  /** The convolution of spikes: accumulates. Its input at each step is the tap `input`. */
  readonly spiking?: ConvolutionShape;
  /** Where the layer's values lie, for each step; empty in a layer without spikes. */
  readonly steps: readonly StepValues[];
  readonly elementwise: ElementwiseNodes;
  /** Neurons for each resource element: output channels of the layer's own convolution; 0 in others. */
  readonly channels: number;
}

/** Operators that multiply by weights and that this count knows nothing of. */
const UNKNOWN = new Set(['MatMul', 'Gemm', 'ConvTranspose', 'ConvInteger', 'QLinearConv', 'MatMulInteger']);

function refuse(node: FileNode, expected: string): SpikingRxError {
  const reason = `node '${node.name}' (${node.op}): expected ${expected}`;
  return new SpikingRxError('FAILED_PRECONDITION', `cannot count the operations of the model: ${reason}`);
}

function shapeOf(node: FileNode, { initializers }: ModelNodes): ConvolutionShape {
  const weights = initializers.get(node.inputs[1] ?? '');
  if (weights?.dims.length !== 4) throw refuse(node, 'weights [Cout, Cin, kh, kw] in the file');
  const [outChannels, inChannels, rows, columns] = weights.dims as [number, number, number, number];
  const of = (name: string, fallback: number, count: number) =>
    node.integers.get(name) ?? Array.from({ length: count }, () => fallback);
  if (of('group', 1, 1)[0] !== 1 || of('strides', 1, 2).some((stride) => stride !== 1))
    throw refuse(node, 'one group and stride 1');
  return {
    inChannels,
    outChannels,
    kernel: [rows, columns],
    dilations: of('dilations', 1, 2) as [number, number],
    pads: of('pads', 0, 4) as [number, number, number, number],
  };
}

/** `features`, `stem`, `block1` … of a node: its outermost scope, or the owner of its weights. */
function layerOf(node: FileNode): string {
  return (scopeOf(node) || (node.inputs[1] ?? '')).split(/[/.]/)[0] ?? '';
}

/** The features smooth with fixed kernels, which a dense convolution fills up with zeros. */
function isFixedKernel({ inputs: [, weights = ''] }: FileNode): boolean {
  return weights.startsWith('features.');
}

/** Weights that are not zero, for each tap of the kernel. */
function pairsOf(node: FileNode, { initializers }: ModelNodes): number[] {
  const weights = initializers.get(node.inputs[1] ?? '');
  const taps = (weights?.dims[2] ?? 1) * (weights?.dims[3] ?? 1);
  const pairs = Array.from({ length: taps }, () => 0);
  weights?.floats().forEach((weight, i) => {
    if (weight !== 0) pairs[i % taps] = (pairs[i % taps] as number) + 1;
  });
  return pairs;
}

/**
 * Whether a value holds numbers of spikes: spikes themselves, and what sums, products (AND), complements (IAND)
 * and concatenations make of them.
 */
function isSpikeCount(value: string, model: ModelNodes): boolean {
  const node = model.producers.get(value);
  if (!node) {
    const constant = model.initializers.get(value);
    return constant?.dims.length === 0 && Number.isInteger(constant.floats()[0]);
  }
  if (node.op === 'Cast') return model.producers.get(node.inputs[0] ?? '')?.op === 'GreaterOrEqual';
  return (
    ['Add', 'Mul', 'Sub', 'Concat'].includes(node.op) &&
    node.inputs.every((input) => isSpikeCount(input, model))
  );
}

function elementwiseOf(name: string, { nodes }: ModelNodes): ElementwiseNodes {
  const count = (...ops: string[]): number =>
    nodes.filter((node) => ops.includes(node.op) && node.name.startsWith(`${name}/`)).length;
  return {
    multiplications: count('Mul'),
    additions: count('Add', 'Sub'),
    comparisons: count('GreaterOrEqual', 'Relu'),
  };
}

function layer(
  name: string,
  convolutions: readonly FileNode[],
  model: ModelNodes,
  steps: readonly StepValues[],
): NetworkLayer {
  const own = convolutions.filter((node) => isLayerConvolution(node, name));
  const others = convolutions.filter((node) => !own.includes(node));
  const analog = others.map((node) => ({
    shape: shapeOf(node, model),
    passes: 1,
    ...(isFixedKernel(node) && { pairs: pairsOf(node, model) }),
  }));
  const [first] = own;
  const none = { multiplications: 0, additions: 0, comparisons: 0 };
  if (!first) return { name, analog, steps: [], elementwise: none, channels: 0 };
  const shape = shapeOf(first, model);
  const common = { name, steps, elementwise: elementwiseOf(name, model), channels: shape.outChannels };
  if (steps.length > 0 && steps.every(({ input }) => isSpikeCount(input, model)))
    return { ...common, analog, spiking: shape };
  // The stem sees the same input at every step: one pass is enough.
  const passes = steps.length > 0 ? new Set(steps.map(({ input }) => input)).size : own.length;
  return { ...common, analog: [...analog, { shape, passes }] };
}

/**
 * The layers with convolutions, in the order of the file. Convolutions of spikes are recognised by what flows
 * into them; all others count as analog, whatever they are for.
 * @throws FAILED_PRECONDITION when the file has operators that this does not know how to count.
 */
export function networkLayers(model: ModelNodes): readonly NetworkLayer[] {
  const unknown = model.nodes.find(({ op }) => UNKNOWN.has(op));
  if (unknown) throw refuse(unknown, 'convolutions alone');
  const taps = findTaps(model);
  const layers = new Map<string, FileNode[]>();
  for (const node of model.nodes) {
    if (node.op !== 'Conv') continue;
    const name = layerOf(node);
    layers.set(name, [...(layers.get(name) ?? []), node]);
  }
  return [...layers].map(([name, convolutions]) => layer(name, convolutions, model, taps.get(name) ?? []));
}
