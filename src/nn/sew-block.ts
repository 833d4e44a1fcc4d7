import type { GraphBuilder } from '../onnx/builder.js';
import { formatShape } from '../onnx/shapes.js';
import type { Value } from '../onnx/types.js';
import type { BuildContext, Steps } from './context.js';
import { stack, unstack } from './context.js';
import { type ConvBlockShape, type Dilation, convBlock, convBlockSpecs } from './conv-block.js';
import { LIF_DEFAULTS, type LifOptions, lifSteps } from './lif.js';
import type { TensorSpec } from './parameters.js';
import { spikeNormSpecs, spikeNormSteps } from './spike-norm.js';

/** How the branch's spikes meet the shortcut. ADD makes small integers; AND and IAND keep spikes binary. */
export const SEW_CONNECTIONS = ['add', 'and', 'iand'] as const;
export type SewConnection = (typeof SEW_CONNECTIONS)[number];

/**
 * Parameters of a block: ConvBlock, SpikeNorm, and where the channels change a 1×1 shortcut `[Cout, Cin, 1, 1]`
 * without bias, uniform ±1/√Cin, whose output has a third of its input's variance at the start.
 */
export function sewBlockSpecs(name: string, shape: ConvBlockShape): TensorSpec[] {
  const { inChannels, outChannels } = shape;
  const shortcut: TensorSpec = {
    name: `${name}.shortcut.weight`,
    shape: [outChannels, inChannels, 1, 1],
    initialisation: { kind: 'uniform', bound: 1 / Math.sqrt(inChannels) },
    decay: true,
  };
  return [
    ...convBlockSpecs(`${name}.conv`, shape),
    ...spikeNormSpecs(`${name}.norm`, outChannels),
    ...(inChannels === outChannels ? [] : [shortcut]),
  ];
}

/** Spike-element-wise connection of one step (SEW-ResNet: ADD, AND, IAND). */
export function connect(g: GraphBuilder, connection: SewConnection, branch: Value, shortcut: Value): Value {
  switch (connection) {
    case 'add':
      return g.add(branch, shortcut);
    case 'and':
      return g.mul(branch, shortcut);
    case 'iand':
      return g.mul(g.sub(1, branch), shortcut);
    default:
      return connection satisfies never;
  }
}

export interface SewOptions {
  readonly shape: ConvBlockShape;
  readonly lif?: LifOptions;
  readonly dilation?: Dilation;
  readonly connection?: SewConnection;
}

/**
 * y = connect(LIF(SpikeNorm(Conv(x))), shortcut(x)), the shortcut the identity when the channels match and a
 * 1×1 convolution otherwise. The neurons' state lives through all T steps of the input.
 * @param x `[B, T, Cin, H, W]` @returns `[B, T, Cout, H, W]`
 */
export function sewBlock(context: BuildContext, name: string, x: Value, options: SewOptions): Value {
  const { g } = context;
  if (x.shape.length !== 5)
    throw new Error(`SEW block input: expected [B, T, C, H, W], received ${formatShape(x.shape)}`);
  const steps = unstack(g, x);
  const convolved = steps.map((step) => convBlock(context, `${name}.conv`, step, options.dilation));
  const currents = spikeNormSteps(context, `${name}.norm`, convolved);
  const { spikes } = lifSteps(g, currents, options.lif ?? LIF_DEFAULTS);
  return stack(g, joinShortcut(context, name, { spikes, inputs: steps }, options));
}

/** Connects the branch's spikes with the shortcut of the block's inputs, step by step. */
export function joinShortcut(
  { g, parameter }: Pick<BuildContext, 'g' | 'parameter'>,
  name: string,
  { spikes, inputs }: { readonly spikes: Steps; readonly inputs: Steps },
  { shape, connection = 'add' }: Pick<SewOptions, 'shape' | 'connection'>,
): Steps {
  const matches = shape.inChannels === shape.outChannels;
  return inputs.map((x, step) => {
    const shortcut = matches
      ? x
      : g.conv(x, parameter(`${name}.shortcut.weight`), undefined, { pads: [0, 0, 0, 0], dilations: [1, 1] });
    return connect(g, connection, spikes[step] as Value, shortcut);
  });
}
