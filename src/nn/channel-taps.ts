/** Where the channel estimates lie inside a model file that `export` wrote. */
import { SpikingRxError } from '../errors.js';
import type { FileNode, ModelNodes } from '../onnx/model-nodes.js';

/**
 * A channel estimate among the features, `[B, 2·nRx, nSym, nSc]`, of the grid scaled to unit power: LS estimates
 * smoothed by a kernel. What `channelRefinement` adds to the widest is none: no loss asks it to be near the channel.
 */
export interface ChannelTap {
  /** Half-width of the kernel in subcarriers. */
  readonly halfWidth: number;
  /** Its name in the file. */
  readonly value: string;
}

const FREQUENCY_KERNELS = 'features.frequency_kernels';
const TIME_KERNEL = 'features.time_kernel';

function refuse(expected: string): SpikingRxError {
  return new SpikingRxError(
    'FAILED_PRECONDITION',
    `channel estimates: expected ${expected}, as export writes it`,
  );
}

function readerOf({ nodes }: ModelNodes, value: string, op: string): FileNode | undefined {
  return nodes.find((node) => node.op === op && node.inputs.includes(value));
}

/** The kernels are triangles over 2·reach + 1 subcarriers: a half-width is half of what is not zero, and a half. */
function halfWidths(model: ModelNodes, estimates: number): number[] {
  const kernels = model.initializers.get(FREQUENCY_KERNELS);
  const [rows, planes, , taps] = (kernels?.dims ?? []) as [number, number, number, number];
  if (kernels === undefined || rows !== estimates * planes) throw refuse(`${estimates} kernels`);
  const weights = kernels.floats();
  return Array.from({ length: estimates }, (_, k) => {
    const start = k * planes * planes * taps;
    const filled = weights.subarray(start, start + taps).filter((weight) => weight > 0).length;
    return (filled + 1) / 2;
  });
}

/**
 * The channel estimates of a network, narrow kernel to wide. Empty for a file without the features of this network.
 * @throws FAILED_PRECONDITION when the features are not built as `export` writes them.
 */
export function findChannelTaps(model: ModelNodes): readonly ChannelTap[] {
  const smoothed = model.nodes.find(({ op, inputs }) => op === 'Conv' && inputs[1] === TIME_KERNEL);
  if (smoothed === undefined) return [];
  const parts = readerOf(model, smoothed.outputs[0] ?? '', 'Split')?.outputs ?? [];
  // Parts are an estimate's numerator and its denominator, kernel after kernel.
  const values = parts
    .filter((_, i) => i % 2 === 0)
    .map((numerator) => readerOf(model, numerator, 'Div')?.outputs[0]);
  if (values.length === 0 || values.includes(undefined)) throw refuse('a quotient for each kernel');
  const widths = halfWidths(model, values.length);
  return values.map((value, k) => ({ halfWidth: widths[k] as number, value: value as string }));
}
