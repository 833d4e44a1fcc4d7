import { Graph } from './graph.js';
import type { DataType, OperatorAttributes, Value } from './types.js';

/** A tensor, or a number that stands for a float32 scalar constant. */
export type Operand = Value | number;

/** The graph with a method for each operator. Shapes follow ONNX; broadcasting is NumPy's. */
export class GraphBuilder extends Graph {
  add(a: Operand, b: Operand): Value {
    return this.#binary('Add', a, b);
  }
  sub(a: Operand, b: Operand): Value {
    return this.#binary('Sub', a, b);
  }
  mul(a: Operand, b: Operand): Value {
    return this.#binary('Mul', a, b);
  }
  div(a: Operand, b: Operand): Value {
    return this.#binary('Div', a, b);
  }
  min(a: Operand, b: Operand): Value {
    return this.#binary('Min', a, b);
  }
  max(a: Operand, b: Operand): Value {
    return this.#binary('Max', a, b);
  }
  /** bool: a ≥ b. */
  greaterOrEqual(a: Operand, b: Operand): Value {
    return this.#binary('GreaterOrEqual', a, b);
  }
  neg(x: Value): Value {
    return this.#one('Neg', [x], {});
  }
  abs(x: Value): Value {
    return this.#one('Abs', [x], {});
  }
  exp(x: Value): Value {
    return this.#one('Exp', [x], {});
  }
  log(x: Value): Value {
    return this.#one('Log', [x], {});
  }
  sqrt(x: Value): Value {
    return this.#one('Sqrt', [x], {});
  }
  relu(x: Value): Value {
    return this.#one('Relu', [x], {});
  }
  sigmoid(x: Value): Value {
    return this.#one('Sigmoid', [x], {});
  }
  softplus(x: Value): Value {
    return this.#one('Softplus', [x], {});
  }
  identity(x: Value): Value {
    return this.#one('Identity', [x], {});
  }
  /** H(x − threshold), 0 or 1; the derivative is the triangular surrogate of this width. */
  spike(x: Value, attributes: OperatorAttributes['Spike']): Value {
    return this.#one('Spike', [x], attributes);
  }
  where(condition: Value, a: Operand, b: Operand): Value {
    return this.#one('Where', [condition, this.#value(a), this.#value(b)], {});
  }
  cast(x: Value, to: DataType): Value {
    return this.#one('Cast', [x], { to });
  }
  matMul(a: Value, b: Value): Value {
    return this.#one('MatMul', [a, b], {});
  }
  conv(x: Value, weights: Value, bias: Value | undefined, attributes: OperatorAttributes['Conv']): Value {
    return this.#one('Conv', bias ? [x, weights, bias] : [x, weights], attributes);
  }
  transpose(x: Value, permutation: readonly number[]): Value {
    return this.#one('Transpose', [x], { permutation });
  }
  reshape(x: Value, shape: readonly number[]): Value {
    return this.#one('Reshape', [x], { shape });
  }
  expand(x: Value, shape: readonly number[]): Value {
    return this.#one('Expand', [x], { shape });
  }
  /** Joins the values; a single one is returned as it is. */
  concat(values: readonly Value[], axis: number): Value {
    return values.length === 1 ? (values[0] as Value) : this.#one('Concat', values, { axis });
  }
  /** Cuts into parts of these sizes, or into a number of equal parts. */
  split(x: Value, axis: number, sizes: readonly number[] | number): readonly Value[] {
    const count = typeof sizes === 'number' ? sizes : sizes.length;
    return count === 1 ? [x] : this.node('Split', [x], { axis, sizes });
  }
  slice(x: Value, axis: number, start: number, end: number): Value {
    return this.#one('Slice', [x], { axis, start, end });
  }
  pad(x: Value, pads: readonly (readonly [number, number])[]): Value {
    return this.#one('Pad', [x], { pads });
  }
  reverse(x: Value, axes: readonly number[]): Value {
    return this.#one('Reverse', [x], { axes });
  }
  squeeze(x: Value, axes: readonly number[]): Value {
    return this.#one('Squeeze', [x], { axes });
  }
  unsqueeze(x: Value, axes: readonly number[]): Value {
    return this.#one('Unsqueeze', [x], { axes });
  }
  reduceSum(x: Value, axes: readonly number[], keepDims = false): Value {
    return this.#one('ReduceSum', [x], { axes, keepDims });
  }
  reduceMean(x: Value, axes: readonly number[], keepDims = false): Value {
    return this.#one('ReduceMean', [x], { axes, keepDims });
  }

  #value(operand: Operand): Value {
    return typeof operand === 'number' ? this.scalar(operand) : operand;
  }

  #binary(
    op: 'Add' | 'Sub' | 'Mul' | 'Div' | 'Min' | 'Max' | 'GreaterOrEqual',
    a: Operand,
    b: Operand,
  ): Value {
    return this.#one(op, [this.#value(a), this.#value(b)], {});
  }

  #one<K extends keyof OperatorAttributes>(
    op: K,
    inputs: readonly Value[],
    attributes: OperatorAttributes[K],
  ): Value {
    return this.node(op, inputs, attributes)[0] as Value;
  }
}
