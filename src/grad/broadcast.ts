import type { GraphBuilder } from '../onnx/builder.js';
import { fixedShape } from '../onnx/shapes.js';
import type { Shape, Value } from '../onnx/types.js';

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** Repeats a gradient that only broadcasts to `shape` until it has that shape. */
export function materialise(g: GraphBuilder, gradient: Value, shape: Shape): Value {
  return sameShape(gradient.shape, shape) ? gradient : g.expand(gradient, fixedShape(shape));
}

/**
 * The gradient of an operand that was broadcast: sums over the axes along which it was repeated.
 * @param gradient broadcasts to `outputShape`, the shape of the operator's result
 * @returns a gradient that broadcasts to `operandShape`
 */
export function unbroadcast(
  g: GraphBuilder,
  gradient: Value,
  outputShape: Shape,
  operandShape: Shape,
): Value {
  if (sameShape(outputShape, operandShape)) return gradient;
  const full = materialise(g, gradient, outputShape);
  const extra = outputShape.length - operandShape.length;
  const leading = Array.from({ length: extra }, (_, axis) => axis);
  const repeated = operandShape.flatMap((dim, i) =>
    dim === 1 && outputShape[extra + i] !== 1 ? [extra + i] : [],
  );
  const kept = repeated.length > 0 ? g.reduceSum(full, repeated, true) : full;
  return leading.length > 0 ? g.reduceSum(kept, leading, false) : kept;
}
