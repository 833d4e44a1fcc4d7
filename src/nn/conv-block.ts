import type { Value } from '../onnx/types.js';
import type { BuildContext } from './context.js';
import { type TensorSpec, constantSpec } from './parameters.js';

export interface ConvBlockShape {
  readonly inChannels: number;
  readonly outChannels: number;
}

/** Distance between kernel taps in OFDM symbols and in subcarriers. */
export type Dilation = readonly [symbols: number, subcarriers: number];

/** Weight `[Cout, Cin, 3, 3]`, Kaiming-normal (fan_out, ReLU gain √2), and bias `[Cout]`, zero. */
export function convBlockSpecs(name: string, { inChannels, outChannels }: ConvBlockShape): TensorSpec[] {
  const std = Math.sqrt(2 / (outChannels * 9));
  return [
    {
      name: `${name}.weight`,
      shape: [outChannels, inChannels, 3, 3],
      initialisation: { kind: 'normal', std },
      decay: true,
    },
    constantSpec(`${name}.bias`, [outChannels], 0),
  ];
}

/** Attributes of the 3×3 convolution that keeps the size of the grid. */
export function samePadding([symbols, subcarriers]: Dilation): {
  pads: readonly [number, number, number, number];
  dilations: Dilation;
} {
  return { pads: [symbols, subcarriers, symbols, subcarriers], dilations: [symbols, subcarriers] };
}

/**
 * 3×3 convolution, stride 1, padding 1 (times the dilation), with bias and without activation.
 * @param x `[B, Cin, H, W]` @returns `[B, Cout, H, W]`
 */
export function convBlock(
  { g, parameter }: BuildContext,
  name: string,
  x: Value,
  dilation: Dilation = [1, 1],
): Value {
  return g.conv(x, parameter(`${name}.weight`), parameter(`${name}.bias`), samePadding(dilation));
}
