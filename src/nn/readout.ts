import type { Value } from '../onnx/types.js';
import type { BuildContext } from './context.js';
import { type TensorSpec, constantSpec } from './parameters.js';

export interface ReadoutShape {
  readonly inChannels: number;
  readonly width: number;
  readonly bitsPerSymbol: number;
}

/** Two 1×1 convolutions with bias: Kaiming-normal before the ReLU, 1/√fan_in after it. */
export function readoutSpecs(name: string, { inChannels, width, bitsPerSymbol }: ReadoutShape): TensorSpec[] {
  const weight = (layer: string, shape: readonly number[], std: number): TensorSpec => ({
    name: `${name}.${layer}.weight`,
    shape,
    initialisation: { kind: 'normal', std },
    decay: true,
  });
  return [
    weight('hidden', [width, inChannels, 1, 1], Math.sqrt(2 / inChannels)),
    constantSpec(`${name}.hidden.bias`, [width], 0),
    weight('llr', [bitsPerSymbol, width, 1, 1], Math.sqrt(1 / width)),
    constantSpec(`${name}.llr.bias`, [bitsPerSymbol], 0),
  ];
}

/**
 * The analog readout: 1×1 convolution, ReLU, 1×1 convolution.
 * @param x `[B, inChannels, nSym, nSc]` @returns LLR planes `[B, Qm, nSym, nSc]`, ln P(b=0)/P(b=1)
 */
export function readout(
  { g, parameter }: Pick<BuildContext, 'g' | 'parameter'>,
  name: string,
  x: Value,
): Value {
  const pointwise = { pads: [0, 0, 0, 0], dilations: [1, 1] } as const;
  const layer = (input: Value, part: string): Value =>
    g.conv(input, parameter(`${name}.${part}.weight`), parameter(`${name}.${part}.bias`), pointwise);
  return g.scope(name, () => layer(g.relu(layer(x, 'hidden')), 'llr'));
}
