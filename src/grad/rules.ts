import type { GraphBuilder } from '../onnx/builder.js';
import { fixedShape } from '../onnx/shapes.js';
import type { Operator, OperatorAttributes, Value } from '../onnx/types.js';
import { materialise, unbroadcast } from './broadcast.js';
import { convInputGradient, convWeightGradient } from './conv.js';

/** A gradient for one input of a node; undefined where none flows or none is needed. */
export type Gradient = Value | undefined;

export interface RuleArguments<Attributes> {
  readonly g: GraphBuilder;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
  /** dL/d(output 0). It may only broadcast to the output's shape: elementwise rules need no more. */
  readonly dy: Value;
  /** dL/d(output i), in the output's full shape; zeros where no gradient reached it. */
  readonly full: (output?: number) => Value;
  /** Whether anybody asks for the gradient of input i: rules with costly branches check it. */
  readonly needs: (input: number) => boolean;
}

/** Returns one gradient an input, in order; each broadcasts to its input's shape. */
type Rule<Attributes = unknown> = (args: RuleArguments<Attributes>) => readonly Gradient[];

type Chain = (g: GraphBuilder, x: Value, y: Value) => Value;

/** dx = dy · f′, f′ from the input x and the output y. */
function unary(derivative: Chain): Rule {
  return ({ g, inputs, outputs, dy }) => [g.mul(dy, derivative(g, inputs[0] as Value, outputs[0] as Value))];
}

type Partial = (args: { g: GraphBuilder; dy: Value; a: Value; b: Value; y: Value }) => Value;

/** Two operands that broadcast: each partial is summed back to its operand's shape. */
function binary(da: Partial, db: Partial): Rule {
  return ({ g, inputs, outputs, dy, needs }) => {
    const [a, b, y] = [inputs[0] as Value, inputs[1] as Value, outputs[0] as Value];
    const partial = (operand: Value, index: number, rule: Partial): Gradient =>
      needs(index) ? unbroadcast(g, rule({ g, dy, a, b, y }), y.shape, operand.shape) : undefined;
    return [partial(a, 0, da), partial(b, 1, db)];
  };
}

/** x·x is common in moments: one product instead of two. */
const mul: Rule = (args) => {
  const [a, b] = args.inputs as [Value, Value];
  if (a !== b) return twoFactors(args);
  return [args.g.mul(args.g.mul(args.dy, 2), a), undefined];
};
const twoFactors = binary(
  ({ g, dy, b }) => g.mul(dy, b),
  ({ g, dy, a }) => g.mul(dy, a),
);

/** The winner takes the gradient; of equals, the first. */
function selection(firstWins: (g: GraphBuilder, a: Value, b: Value) => Value): Rule {
  return binary(
    ({ g, dy, a, b }) => g.where(firstWins(g, a, b), dy, 0),
    ({ g, dy, a, b }) => g.where(firstWins(g, a, b), 0, dy),
  );
}

const where: Rule = ({ g, inputs, outputs, dy, needs }) => {
  const [condition, a, b] = inputs as [Value, Value, Value];
  const shape = (outputs[0] as Value).shape;
  return [
    undefined,
    needs(1) ? unbroadcast(g, g.where(condition, dy, 0), shape, a.shape) : undefined,
    needs(2) ? unbroadcast(g, g.where(condition, 0, dy), shape, b.shape) : undefined,
  ];
};

function swapLast(g: GraphBuilder, x: Value): Value {
  const rank = x.shape.length;
  return g.transpose(x, [...Array(rank - 2).keys(), rank - 1, rank - 2]);
}

/** y = a·b: da = dy·bᵀ, db = aᵀ·dy, summed over broadcast batch axes. */
const matMul: Rule = ({ g, inputs, full, needs }) => {
  const [a, b] = inputs as [Value, Value];
  const reduce = (gradient: Value, operand: Value): Value =>
    unbroadcast(g, gradient, gradient.shape, operand.shape);
  return [
    needs(0) ? reduce(g.matMul(full(), swapLast(g, b)), a) : undefined,
    needs(1) ? reduce(g.matMul(swapLast(g, a), full()), b) : undefined,
  ];
};

const conv: Rule<OperatorAttributes['Conv']> = ({ g, inputs, attributes, full, needs }) => {
  const [x, weight] = inputs as [Value, Value];
  return [
    needs(0) ? convInputGradient(g, full(), weight, attributes) : undefined,
    needs(1) ? convWeightGradient(g, full(), x, { weight, attributes }) : undefined,
    inputs[2] && needs(2) ? g.reduceSum(full(), [0, 2, 3]) : undefined,
  ];
};

const transpose: Rule<OperatorAttributes['Transpose']> = ({ g, attributes: { permutation }, full }) => [
  g.transpose(
    full(),
    permutation.map((_, axis) => permutation.indexOf(axis)),
  ),
];

const reshapeBack: Rule = ({ g, inputs, full }) => [
  g.reshape(full(), fixedShape((inputs[0] as Value).shape)),
];

const concat: Rule<OperatorAttributes['Concat']> = ({ g, inputs, attributes: { axis }, full }) => {
  const sizes = inputs.map(({ shape }) => shape[axis]);
  return g.split(full(), axis, fixedShape(sizes as number[]));
};

const split: Rule<OperatorAttributes['Split']> = ({ g, outputs, attributes: { axis }, full }) => [
  g.concat(
    outputs.map((_, i) => full(i)),
    axis,
  ),
];

const slice: Rule<OperatorAttributes['Slice']> = ({ g, inputs, attributes: { axis, start, end }, full }) => {
  const shape = fixedShape((inputs[0] as Value).shape);
  const pads = shape.map((size, i): [number, number] => (i === axis ? [start, size - end] : [0, 0]));
  return [g.pad(full(), pads)];
};

const pad: Rule<OperatorAttributes['Pad']> = ({ g, inputs, attributes: { pads }, full }) => {
  const shape = fixedShape((inputs[0] as Value).shape);
  const inner = pads.reduce((gradient, [before, after], axis) => {
    const start = before;
    return before + after === 0 ? gradient : g.slice(gradient, axis, start, start + (shape[axis] as number));
  }, full());
  return [inner];
};

/** Puts the reduced axes back as size 1, so that the gradient broadcasts to the input. */
function keepAxes(g: GraphBuilder, dy: Value, axes: readonly number[], keepDims: boolean): Value {
  return keepDims ? dy : g.unsqueeze(dy, axes);
}

const reduceSum: Rule<OperatorAttributes['ReduceSum']> = ({ g, attributes: { axes, keepDims }, full }) => [
  keepAxes(g, full(), axes, keepDims),
];

const reduceMean: Rule<OperatorAttributes['ReduceMean']> = ({
  g,
  inputs,
  attributes: { axes, keepDims },
  full,
}) => {
  const shape = fixedShape((inputs[0] as Value).shape);
  const count = axes.reduce((product, axis) => product * (shape[axis] as number), 1);
  return [g.mul(keepAxes(g, full(), axes, keepDims), 1 / count)];
};

/** σ′(x − θ) with σ′(x) = max(0, 1 − |x|/a)/a, the triangular surrogate. */
const spike: Rule<OperatorAttributes['Spike']> = ({ g, inputs, attributes, dy }) => {
  const { threshold, surrogateWidth: a } = attributes;
  const x = inputs[0] as Value;
  const distance = g.abs(threshold === 0 ? x : g.sub(x, threshold));
  const triangle = g.relu(g.sub(1, a === 1 ? distance : g.mul(distance, 1 / a)));
  const gradient = g.mul(dy, triangle);
  return [a === 1 ? gradient : g.mul(gradient, 1 / a)];
};

const none: Rule = ({ inputs }) => inputs.map(() => undefined);

/** Reverse-mode rules of every operator: a missing one does not compile. The formula stands beside each. */
export const GRADIENT_RULES: { readonly [K in Operator]: Rule<OperatorAttributes[K]> } = {
  // y = a + b
  Add: binary(
    ({ dy }) => dy,
    ({ dy }) => dy,
  ),
  // y = a − b
  Sub: binary(
    ({ dy }) => dy,
    ({ g, dy }) => g.neg(dy),
  ),
  // da = dy·b, db = dy·a
  Mul: mul,
  // da = dy/b, db = −dy·y/b
  Div: binary(
    ({ g, dy, b }) => g.div(dy, b),
    ({ g, dy, b, y }) => g.neg(g.div(g.mul(dy, y), b)),
  ),
  Min: selection((g, a, b) => g.greaterOrEqual(b, a)),
  Max: selection((g, a, b) => g.greaterOrEqual(a, b)),
  Neg: ({ g, dy }) => [g.neg(dy)],
  // sign(x), with sign(0) = 1
  Abs: unary((g, x) => g.sub(g.mul(g.cast(g.greaterOrEqual(x, 0), 'float32'), 2), 1)),
  Exp: unary((_g, _x, y) => y),
  Log: ({ g, inputs, dy }) => [g.div(dy, inputs[0] as Value)],
  // 1/(2√x)
  Sqrt: ({ g, outputs, dy }) => [g.div(g.mul(dy, 0.5), outputs[0] as Value)],
  // 1 where x > 0
  Relu: ({ g, inputs, dy }) => [g.where(g.greaterOrEqual(0, inputs[0] as Value), 0, dy)],
  // y(1 − y)
  Sigmoid: unary((g, _x, y) => g.mul(y, g.sub(1, y))),
  // σ(x)
  Softplus: unary((g, x) => g.sigmoid(x)),
  Identity: ({ dy }) => [dy],
  // Comparison results carry no gradient.
  GreaterOrEqual: none,
  Where: where,
  MatMul: matMul,
  // Only float32 carries gradients, and a cast from or to another type cuts them.
  Cast: ({ dy, inputs, outputs }) => [inputs[0]?.type === outputs[0]?.type ? dy : undefined],
  Conv: conv,
  Transpose: transpose,
  Reshape: reshapeBack,
  Squeeze: reshapeBack,
  Unsqueeze: reshapeBack,
  Expand: ({ g, inputs, full }) => [unbroadcast(g, full(), full().shape, (inputs[0] as Value).shape)],
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Reverse: ({ g, attributes: { axes }, full }) => [g.reverse(full(), axes)],
  ReduceSum: reduceSum,
  ReduceMean: reduceMean,
  Spike: spike,
};

/** Zeros of a value's shape. */
export function zerosLike(g: GraphBuilder, value: Value): Value {
  return materialise(g, g.scalar(0), value.shape);
}
