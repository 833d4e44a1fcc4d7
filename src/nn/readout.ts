import type { Value } from '../onnx/types.js';
import type { BuildContext } from './context.js';
import { type TensorSpec, constantSpec } from './parameters.js';

export interface ReadoutShape {
  readonly inChannels: number;
  readonly width: number;
  /** Name of the last layer. */
  readonly output: string;
  readonly outChannels: number;
  /** Standard deviation of the last layer's weights at the start, times √width; 0 starts with an output of 0. */
  readonly outputScale: number;
}

/** Two 1×1 convolutions with bias: Kaiming-normal before the ReLU, outputScale/√fan_in after it. */
export function readoutSpecs(name: string, shape: ReadoutShape): TensorSpec[] {
  const { inChannels, width, output, outChannels, outputScale } = shape;
  const weight = (layer: string, dims: readonly number[], std: number): TensorSpec => ({
    name: `${name}.${layer}.weight`,
    shape: dims,
    initialisation: { kind: 'normal', std },
    decay: true,
  });
  return [
    weight('hidden', [width, inChannels, 1, 1], Math.sqrt(2 / inChannels)),
    constantSpec(`${name}.hidden.bias`, [width], 0),
    weight(output, [outChannels, width, 1, 1], outputScale * Math.sqrt(1 / width)),
    constantSpec(`${name}.${output}.bias`, [outChannels], 0),
  ];
}

/**
 * An analog readout: 1×1 convolution, ReLU, 1×1 convolution.
 * @param x `[B, inChannels, nSym, nSc]` @returns `[B, outChannels, nSym, nSc]`
 */
export function readout(
  { g, parameter }: Pick<BuildContext, 'g' | 'parameter'>,
  name: string,
  x: Value,
  output: string,
): Value {
  const pointwise = { pads: [0, 0, 0, 0], dilations: [1, 1] } as const;
  const layer = (input: Value, part: string): Value =>
    g.conv(input, parameter(`${name}.${part}.weight`), parameter(`${name}.${part}.bias`), pointwise);
  return g.scope(name, () => layer(g.relu(layer(x, 'hidden')), output));
}
