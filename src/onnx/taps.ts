/** Taps: what happens inside the spiking layers of a model file, as outputs of a copy of it. */
import { SpikingRxError } from '../errors.js';
import { type FileNode, type ModelNodes, readNodes, withOutputs } from './model-nodes.js';

/**
 * What can be tapped at each layer and step, all float32 `[B, C, nSym, nSc]`:
 * - `input`: what the layer's convolution sees (`C` its input channels): sums of spikes, or features at the stem.
 * - `drive`: i = (1−β)·I/θ, what the folded convolution gives the neurons; the current is I = i·θ/(1−β).
 * - `membrane`: u ← βu + i, the potential before the reset, in units of θ.
 * - `spikes`: 1 where u ≥ 1, else 0. The next step starts from u − spikes.
 */
export const TAP_KINDS = ['input', 'drive', 'membrane', 'spikes'] as const;
export type TapKind = (typeof TAP_KINDS)[number];

/** Values inside the file, by kind, of one step. */
export type StepValues = Readonly<Record<TapKind, string>>;

/** Name of a tap's output. @param step from 0 */
export function tapName(layer: string, step: number, kind: TapKind): string {
  return `tap/${layer}/${step}/${kind}`;
}

function refuse(layer: string, expected: string): SpikingRxError {
  return new SpikingRxError(
    'FAILED_PRECONDITION',
    `layer '${layer}': expected ${expected}, as export writes it`,
  );
}

/** The scope of a node's name: `block1` of `block1/Spike_2`; empty outside of all scopes. */
export function scopeOf({ name }: FileNode): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}

/** Spikes are written as the comparison u ≥ θ, cast to float32. */
function spikeNodes({ nodes, producers }: ModelNodes): Map<string, FileNode[]> {
  const layers = new Map<string, FileNode[]>();
  for (const node of nodes) {
    if (node.op !== 'Cast' || producers.get(node.inputs[0] ?? '')?.op !== 'GreaterOrEqual') continue;
    const layer = scopeOf(node);
    layers.set(layer, [...(layers.get(layer) ?? []), node]);
  }
  return layers;
}

/** Whether this is the convolution of a layer itself: its weights are `<layer>.weight.<n>`. */
export function isLayerConvolution({ op, inputs: [, weights = ''] }: FileNode, layer: string): boolean {
  return op === 'Conv' && weights.startsWith(`${layer}.weight.`);
}

/** What the layer's convolution sees at each step: it runs once a step, once over all steps, or once for all. */
function inputsOf({ nodes, producers }: ModelNodes, layer: string, steps: number): string[] {
  const seen = nodes.filter((node) => isLayerConvolution(node, layer)).map(({ inputs }) => inputs[0] ?? '');
  if (seen.length === steps) return seen;
  const [only, ...others] = seen;
  if (only === undefined || others.length > 0) throw refuse(layer, `one convolution or ${steps}`);
  const joined = producers.get(only);
  const overSteps =
    joined?.op === 'Concat' && joined.integers.get('axis')?.[0] === 0 && joined.inputs.length === steps;
  return overSteps ? [...joined.inputs] : Array.from({ length: steps }, () => only);
}

/** u = β·(u − s) + i, and u = i at the first step. */
function driveOf({ producers }: ModelNodes, layer: string, membrane: string, step: number): string {
  if (step === 0) return membrane;
  const charge = producers.get(membrane);
  const [decayed, drive] = charge?.inputs ?? [];
  if (charge?.op !== 'Add' || producers.get(decayed ?? '')?.op !== 'Mul' || drive === undefined)
    throw refuse(layer, 'a membrane potential βu + i');
  return drive;
}

/**
 * Where the taps of every spiking layer lie in a file that `export` wrote, by layer, for each step. Empty when
 * the network has no spiking layers.
 * @throws FAILED_PRECONDITION when a layer is not built as `export` writes it.
 */
export function findTaps(model: ModelNodes): ReadonlyMap<string, readonly StepValues[]> {
  const layers = [...spikeNodes(model)].map(([layer, spikes]): [string, StepValues[]] => {
    const inputs = inputsOf(model, layer, spikes.length);
    const steps = spikes.map((node, step): StepValues => {
      const membrane = model.producers.get(node.inputs[0] ?? '')?.inputs[0] ?? '';
      return {
        input: inputs[step] as string,
        drive: driveOf(model, layer, membrane, step),
        membrane,
        spikes: node.outputs[0] as string,
      };
    });
    return [layer, steps];
  });
  return new Map(layers);
}

/**
 * A copy of a model file with taps as outputs `tap/<layer>/<step>/<kind>` beside `llr`, steps from 0. The file's
 * weights and arithmetic stay as they are, so a tap shows the very model that is served.
 * @throws FAILED_PRECONDITION when the file is no ONNX model or a layer is not built as `export` writes it.
 */
export function withTaps(bytes: Uint8Array, kinds: readonly TapKind[]): Uint8Array {
  const outputs = [...findTaps(readNodes(bytes))].flatMap(([layer, steps]) =>
    steps.flatMap((values, step) => kinds.map((kind) => [tapName(layer, step, kind), values[kind]] as const)),
  );
  return withOutputs(bytes, new Map(outputs));
}
