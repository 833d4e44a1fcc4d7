import type { DataType, Dim, Operator, OperatorAttributes, Shape } from './types.js';

/** Type and shape of a value, as inference sees it. */
export interface Signature {
  readonly type: DataType;
  readonly shape: Shape;
}

type Rule<Attributes = unknown> = (
  inputs: readonly Signature[],
  attributes: Attributes,
) => readonly Signature[];

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** NumPy broadcasting over fixed and symbolic sizes. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const da = a[a.length - rank + i] ?? 1;
    const db = b[b.length - rank + i] ?? 1;
    if (da === db || db === 1) return da;
    if (da === 1) return db;
    throw new Error(`shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast`);
  });
}

/** Number of elements; an error when a size is symbolic. */
export function elementCount(shape: Shape): number {
  return fixedShape(shape).reduce((product, dim) => product * dim, 1);
}

/** The shape as numbers; an error that names the symbol when a size is known only at run time. */
export function fixedShape(shape: Shape): number[] {
  return shape.map((dim) => {
    if (typeof dim !== 'number') throw new Error(`size '${dim}' of ${formatShape(shape)} must be fixed here`);
    return dim;
  });
}

/** `2*batch` → [2, 'batch']. */
function parseSymbol(dim: string): [number, string] {
  const match = /^(\d+)\*(.+)$/.exec(dim);
  return match ? [Number(match[1]), match[2] as string] : [1, dim];
}

function symbolic(factor: number, symbol: string): Dim {
  return factor === 1 ? symbol : `${factor}*${symbol}`;
}

function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (typeof a === 'string' && typeof b === 'string') {
    const [fa, sa] = parseSymbol(a);
    const [fb, sb] = parseSymbol(b);
    if (sa === sb) return symbolic(fa + fb, sa);
  }
  throw new Error(`cannot add sizes ${a} and ${b}`);
}

function divideDim(dim: Dim, parts: number): Dim {
  const [factor, symbol] = typeof dim === 'number' ? [dim, undefined] : parseSymbol(dim);
  if (factor % parts !== 0) throw new Error(`size ${dim} does not split into ${parts} equal parts`);
  return symbol === undefined ? factor / parts : symbolic(factor / parts, symbol);
}

function shiftDim(dim: Dim, by: number): Dim {
  if (by === 0) return dim;
  if (typeof dim === 'number') return dim + by;
  throw new Error(`symbolic size '${dim}' must keep its size, but would change by ${by}`);
}

function dimAt(shape: Shape, axis: number): Dim {
  const dim = shape[axis];
  if (dim === undefined) throw new Error(`axis ${axis} is outside ${formatShape(shape)}`);
  return dim;
}

function replaceDim(shape: Shape, axis: number, dim: Dim): Shape {
  dimAt(shape, axis);
  return shape.map((old, i) => (i === axis ? dim : old));
}

function at(inputs: readonly Signature[], index: number): Signature {
  const input = inputs[index];
  if (!input) throw new Error(`input ${index} is missing`);
  return input;
}

function requireType(input: Signature, type: DataType): void {
  if (input.type !== type) throw new Error(`expected ${type}, received ${input.type}`);
}

const elementwise: Rule = (inputs) => {
  requireType(at(inputs, 0), 'float32');
  return [at(inputs, 0)];
};

const binary: Rule = (inputs) => {
  const [a, b] = [at(inputs, 0), at(inputs, 1)];
  requireType(a, 'float32');
  requireType(b, 'float32');
  return [{ type: a.type, shape: broadcastShapes(a.shape, b.shape) }];
};

const reduction: Rule<OperatorAttributes['ReduceSum']> = (inputs, { axes, keepDims }) => {
  const { type, shape } = at(inputs, 0);
  // Without axes ONNX would reduce all of them.
  if (axes.length === 0) throw new Error(`no axes of ${formatShape(shape)} to reduce`);
  for (const axis of axes) dimAt(shape, axis);
  const reduced = keepDims
    ? shape.map((dim, i) => (axes.includes(i) ? 1 : dim))
    : shape.filter((_, i) => !axes.includes(i));
  return [{ type, shape: reduced }];
};

const conv: Rule<OperatorAttributes['Conv']> = (inputs, { pads, dilations }) => {
  const [x, w] = [at(inputs, 0).shape, at(inputs, 1).shape];
  if (x.length !== 4 || w.length !== 4 || x[1] !== w[1])
    throw new Error(`input ${formatShape(x)} does not fit weights ${formatShape(w)}`);
  const [outChannels, , kh, kw] = fixedShape(w) as [number, number, number, number];
  if (pads.some((pad) => pad < 0)) throw new Error(`padding [${pads.join(', ')}] must not be negative`);
  const bias = inputs[2]?.shape;
  if (bias && (bias.length !== 1 || bias[0] !== outChannels))
    throw new Error(`bias ${formatShape(bias)} does not fit weights ${formatShape(w)}`);
  const height = shiftDim(dimAt(x, 2), pads[0] + pads[2] - dilations[0] * (kh - 1));
  const width = shiftDim(dimAt(x, 3), pads[1] + pads[3] - dilations[1] * (kw - 1));
  return [{ type: 'float32', shape: [dimAt(x, 0), outChannels, height, width] }];
};

const matMul: Rule = (inputs) => {
  const [a, b] = [at(inputs, 0).shape, at(inputs, 1).shape];
  if (a.length < 2 || b.length < 2 || a.at(-1) !== b.at(-2))
    throw new Error(`shapes ${formatShape(a)} and ${formatShape(b)} do not multiply`);
  const batch = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
  return [{ type: 'float32', shape: [...batch, a.at(-2) as Dim, b.at(-1) as Dim] }];
};

const concat: Rule<OperatorAttributes['Concat']> = (inputs, { axis }) => {
  const first = at(inputs, 0);
  let total = dimAt(first.shape, axis);
  for (const { type, shape } of inputs.slice(1)) {
    const fits =
      shape.length === first.shape.length && shape.every((d, i) => i === axis || d === first.shape[i]);
    if (!fits || type !== first.type)
      throw new Error(`${formatShape(shape)} does not join ${formatShape(first.shape)} on axis ${axis}`);
    total = addDims(total, dimAt(shape, axis));
  }
  return [{ type: first.type, shape: replaceDim(first.shape, axis, total) }];
};

const split: Rule<OperatorAttributes['Split']> = (inputs, { axis, sizes }) => {
  const { type, shape } = at(inputs, 0);
  const dim = dimAt(shape, axis);
  if (typeof sizes === 'number') {
    const part = { type, shape: replaceDim(shape, axis, divideDim(dim, sizes)) };
    return Array.from({ length: sizes }, () => part);
  }
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== dim) throw new Error(`parts of ${total} do not fill axis ${axis} of ${formatShape(shape)}`);
  return sizes.map((size) => ({ type, shape: replaceDim(shape, axis, size) }));
};

const slice: Rule<OperatorAttributes['Slice']> = (inputs, { axis, start, end }) => {
  const { type, shape } = at(inputs, 0);
  const dim = dimAt(shape, axis);
  if (start < 0 || end <= start || (typeof dim === 'number' && end > dim))
    throw new Error(`slice ${start}:${end} is outside axis ${axis} of ${formatShape(shape)}`);
  return [{ type, shape: replaceDim(shape, axis, end - start) }];
};

const reshape: Rule<OperatorAttributes['Reshape']> = (inputs, { shape }) => {
  const input = at(inputs, 0);
  if (elementCount(input.shape) !== elementCount(shape))
    throw new Error(`${formatShape(input.shape)} does not reshape to ${formatShape(shape)}`);
  return [{ type: input.type, shape }];
};

const where: Rule = (inputs) => {
  const [condition, a, b] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)];
  requireType(condition, 'bool');
  return [{ type: a.type, shape: broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape)) }];
};

const transpose: Rule<OperatorAttributes['Transpose']> = (inputs, { permutation }) => {
  const { type, shape } = at(inputs, 0);
  if (permutation.length !== shape.length)
    throw new Error(`permutation [${permutation.join(', ')}] does not fit ${formatShape(shape)}`);
  return [{ type, shape: permutation.map((axis) => dimAt(shape, axis)) }];
};

const expand: Rule<OperatorAttributes['Expand']> = (inputs, { shape }) => {
  const input = at(inputs, 0);
  return [{ type: input.type, shape: broadcastShapes(input.shape, shape) }];
};

const pad: Rule<OperatorAttributes['Pad']> = (inputs, { pads }) => {
  const { type, shape } = at(inputs, 0);
  if (pads.length !== shape.length) throw new Error(`${pads.length} pads do not fit ${formatShape(shape)}`);
  return [{ type, shape: shape.map((dim, i) => shiftDim(dim, (pads[i]?.[0] ?? 0) + (pads[i]?.[1] ?? 0))) }];
};

const squeeze: Rule<OperatorAttributes['Squeeze']> = (inputs, { axes }) => {
  const { type, shape } = at(inputs, 0);
  for (const axis of axes)
    if (dimAt(shape, axis) !== 1) throw new Error(`axis ${axis} of ${formatShape(shape)} is not 1`);
  return [{ type, shape: shape.filter((_, i) => !axes.includes(i)) }];
};

const unsqueeze: Rule<OperatorAttributes['Unsqueeze']> = (inputs, { axes }) => {
  const { type, shape } = at(inputs, 0);
  const remaining = [...shape];
  const rank = shape.length + axes.length;
  return [
    {
      type,
      shape: Array.from({ length: rank }, (_, i) => (axes.includes(i) ? 1 : (remaining.shift() ?? 1))),
    },
  ];
};

const sameShape: Rule = (inputs) => [at(inputs, 0)];

/** Output types and shapes of every operator. */
export const SHAPE_RULES: { readonly [K in Operator]: Rule<OperatorAttributes[K]> } = {
  Add: binary,
  Sub: binary,
  Mul: binary,
  Div: binary,
  Min: binary,
  Max: binary,
  Neg: elementwise,
  Abs: elementwise,
  Exp: elementwise,
  Log: elementwise,
  Sqrt: elementwise,
  Relu: elementwise,
  Sigmoid: elementwise,
  Softplus: elementwise,
  Spike: elementwise,
  Identity: sameShape,
  Reverse: sameShape,
  GreaterOrEqual: (inputs) => binary(inputs, {}).map(({ shape }) => ({ type: 'bool', shape })),
  Where: where,
  MatMul: matMul,
  Cast: (inputs, { to }) => [{ type: to, shape: at(inputs, 0).shape }],
  Conv: conv,
  Transpose: transpose,
  Reshape: reshape,
  Expand: expand,
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  ReduceSum: reduction,
  ReduceMean: reduction,
};
