/** A model file whose neurons can be tuned from outside: β and the scale of the drive as inputs of a copy of it. */
import { SpikingRxError } from '../errors.js';
import { ModelProto } from './model-file.js';
import { readNodes } from './model-nodes.js';
import { findTaps, isLayerConvolution } from './taps.js';
import { DATA_TYPES } from './types.js';

/**
 * Names of the scalar float32 inputs. `beta`: decay of every spiking layer a step. `driveScale`: factor on what the
 * folded convolutions give the neurons, i = (1−β)·I/θ.
 */
export const NEURON_INPUTS = { beta: 'neurons/beta', driveScale: 'neurons/drive_scale' } as const;

/** Of a neuron: decay a step and firing threshold. */
export interface NeuronSettings {
  readonly beta: number;
  readonly threshold: number;
}

/** The drive scale that makes neurons folded with `own` those with `wanted`: ((1−β′)/θ′) / ((1−β)/θ). */
export function driveScaleOf(wanted: NeuronSettings, own: NeuronSettings): number {
  return ((1 - wanted.beta) * own.threshold) / ((1 - own.beta) * wanted.threshold);
}

interface EncodedNode {
  readonly opType: string;
  readonly name?: string;
  readonly input: string[];
  readonly output: string[];
  readonly attribute: object[];
}

/**
 * A copy of a model file with the inputs `NEURON_INPUTS`: u ← βu + s·i for the given β and s. Weights and all
 * else stay as they are, so β of the file and s = 1 give its own LLRs.
 * @throws FAILED_PRECONDITION when the file is no ONNX model, has no spiking layers, or has one that is not built
 *   as `export` writes it.
 */
export function withNeuronInputs(bytes: Uint8Array): Uint8Array {
  const model = readNodes(bytes);
  const taps = findTaps(model);
  if (taps.size === 0)
    throw new SpikingRxError('FAILED_PRECONDITION', 'β and θ: expected a model with spiking layers');
  const decays = new Set<string>();
  for (const steps of taps.values())
    for (const { membrane } of steps.slice(1)) decays.add(model.producers.get(membrane)?.inputs[0] as string);
  const convolutions = new Set(
    [...taps.keys()].flatMap((layer) =>
      model.nodes
        .filter((node) => isLayerConvolution(node, layer))
        .map(({ outputs }) => outputs[0] as string),
    ),
  );
  const decoded = ModelProto.toObject(ModelProto.decode(bytes)) as {
    graph: { node: EncodedNode[]; input: object[] };
  };
  const { graph } = decoded;
  graph.node = graph.node.flatMap((node) => {
    const [value = ''] = node.output;
    if (decays.has(value)) return [{ ...node, input: [node.input[0] as string, NEURON_INPUTS.beta] }];
    return convolutions.has(value) ? scaled(node, value) : [node];
  });
  for (const name of Object.values(NEURON_INPUTS))
    graph.input.push({ name, type: { tensorType: { elemType: DATA_TYPES.float32, shape: { dim: [] } } } });
  return ModelProto.encode(ModelProto.fromObject(decoded)).finish();
}

/** The convolution under another name, and its product with the scale under its own. */
function scaled(convolution: EncodedNode, value: string): EncodedNode[] {
  const raw = `${value}/unscaled`;
  const product = {
    opType: 'Mul',
    name: `${value}/scaled`,
    input: [raw, NEURON_INPUTS.driveScale],
    output: [value],
    attribute: [],
  };
  return [{ ...convolution, output: [raw] }, product];
}
