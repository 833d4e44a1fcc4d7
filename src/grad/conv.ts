import type { GraphBuilder } from '../onnx/builder.js';
import { fixedShape } from '../onnx/shapes.js';
import type { OperatorAttributes, Value } from '../onnx/types.js';

type ConvAttributes = OperatorAttributes['Conv'];
type Quad = [number, number, number, number];

/**
 * ∂L/∂x = dy ∗ w, flipped in both kernel axes and with input and output channels swapped; the padding is what
 * the forward pass left out of d·(k−1).
 */
export function convInputGradient(
  g: GraphBuilder,
  dy: Value,
  weight: Value,
  { pads, dilations }: ConvAttributes,
): Value {
  const [, , kh, kw] = fixedShape(weight.shape) as Quad;
  const [reachH, reachW] = [dilations[0] * (kh - 1), dilations[1] * (kw - 1)];
  const swapped = g.transpose(weight, [1, 0, 2, 3]);
  const flipped = kh * kw === 1 ? swapped : g.reverse(swapped, [2, 3]);
  const rest: Quad = [reachH - pads[0], reachW - pads[1], reachH - pads[2], reachW - pads[3]];
  return g.conv(dy, flipped, undefined, { pads: rest, dilations });
}

/**
 * ∂L/∂w[o, i, y, x] = Σ dy[·, o, ·] · padded(x)[·, i, · shifted by the tap]: one GEMM
 * `[Cout, B·H·W] × [B·H·W, Cin]` for each tap, which runs faster than one large convolution would.
 */
export function convWeightGradient(
  g: GraphBuilder,
  dy: Value,
  x: Value,
  { weight, attributes }: { readonly weight: Value; readonly attributes: ConvAttributes },
): Value {
  const [out, inp, kh, kw] = fixedShape(weight.shape) as Quad;
  const [batch, , height, width] = fixedShape(dy.shape) as Quad;
  const { pads, dilations } = attributes;
  const count = batch * height * width;
  const rows = g.reshape(g.transpose(dy, [1, 0, 2, 3]), [out, count]);
  const isPadded = pads.some((p) => p !== 0);
  const padded = isPadded
    ? g.pad(x, [
        [0, 0],
        [0, 0],
        [pads[0], pads[2]],
        [pads[1], pads[3]],
      ])
    : x;
  const last = g.transpose(padded, [0, 2, 3, 1]);
  const taps: Value[] = [];
  for (let i = 0; i < kh; i++) {
    const band = cut(g, last, 1, i * dilations[0], height);
    for (let j = 0; j < kw; j++) {
      const shifted = cut(g, band, 2, j * dilations[1], width);
      taps.push(g.unsqueeze(g.matMul(rows, g.reshape(shifted, [count, inp])), [2]));
    }
  }
  return g.reshape(g.concat(taps, 2), [out, inp, kh, kw]);
}

/** A window of an axis; the whole axis needs no node. */
function cut(g: GraphBuilder, x: Value, axis: number, start: number, length: number): Value {
  return x.shape[axis] === length ? x : g.slice(x, axis, start, start + length);
}
