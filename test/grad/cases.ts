import { TriangularSurrogate } from '#nn/surrogate.js';
import type { GraphBuilder } from '#onnx/builder.js';
import type { Operator, Value } from '#onnx/types.js';
import type { Random } from '#phy/random.js';
import { type Build, CURVED, EXACT, type GradientCase } from './check-gradients.js';

/** Distance from 0 of at least 0.5, either sign. */
const awayFromZero = (random: Random): number => (random.uniform() < 0.5 ? -1 : 1) * (0.5 + random.uniform());
const positive = (random: Random): number => 0.5 + random.uniform();
/** Operands that differ by at least 1 from each other: even integers in one, odd ones in the other. */
const apart = (random: Random, operand: number): number => 2 * random.integer(5) - 4 + (operand % 2);

/** Pairs of shapes that broadcast: equal, scalars, size 1 in either, lower rank in either, both at once. */
const BROADCASTS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[], [2, 3]],
  [[2, 3], []],
  [
    [2, 1, 3],
    [2, 4, 3],
  ],
  [
    [2, 4, 3],
    [1, 4, 1],
  ],
  [[3], [2, 2, 3]],
  [
    [2, 2, 3],
    [2, 1],
  ],
  [
    [3, 1],
    [2, 1, 4],
  ],
  [
    [1, 1],
    [1, 1, 1],
  ],
];

type Settings = Pick<GradientCase, 'step' | 'tolerance'> & Partial<Pick<GradientCase, 'draw'>>;

function unary(build: (g: GraphBuilder, x: Value) => Value, settings: Settings): GradientCase[] {
  return [[], [2, 3], [1, 2, 2, 2]].map((shape) => ({
    name: `[${shape.join(', ')}]`,
    shapes: [shape],
    build: (g, [x]) => build(g, x),
    ...settings,
  }));
}

function binary(build: (g: GraphBuilder, a: Value, b: Value) => Value, settings: Settings): GradientCase[] {
  const both: Build = (g, [a, b]) => build(g, a, b);
  return BROADCASTS.map(
    ([a, b]): GradientCase => ({
      name: `[${a.join(', ')}] with [${b.join(', ')}]`,
      shapes: [a, b],
      build: both,
      ...settings,
    }),
  );
}

function one(
  name: string,
  shapes: GradientCase['shapes'],
  build: Build,
  settings: Settings = EXACT,
): GradientCase {
  return { name, shapes, build, ...settings };
}

/** x·x and the like: both operands the same value. */
function same(build: (g: GraphBuilder, x: Value) => Value, settings: Settings): GradientCase {
  return one('both operands the same', [[2, 3]], (g, [x]) => build(g, x), settings);
}

const surrogate = new TriangularSurrogate(1.5);

/** σ(x) of the surrogate as a graph: 1/2 + y − y·|y|/2 with y = x/a limited to ±1. */
function primitive(threshold: number): Build {
  return (g, [x]) => {
    const y = g.max(g.min(g.mul(g.sub(x, threshold), 1 / surrogate.width), 1), -1);
    return g.add(g.sub(y, g.mul(g.mul(y, g.abs(y)), 0.5)), 0.5);
  };
}

/** @param draw distance of an input from the threshold. */
function spikeCase(name: string, draw: (random: Random) => number, threshold = 0): GradientCase {
  const shifted = (random: Random): number => threshold + draw(random);
  return {
    ...one(name, [[4, 5]], (g, [x]) => surrogate.apply(g, x, threshold), { ...CURVED, draw: shifted }),
    reference: primitive(threshold),
  };
}

/** Away from the kinks at 0 and ±a. */
function insideTriangle(random: Random): number {
  return (random.uniform() < 0.5 ? -1 : 1) * (0.1 + random.uniform());
}

function convolution(
  name: string,
  shapes: GradientCase['shapes'],
  pads: readonly [number, number, number, number],
  dilations: readonly [number, number] = [1, 1],
): GradientCase {
  return one(name, shapes, (g, [x, w, bias]) => g.conv(x, w, bias, { pads, dilations }));
}

/** Every operator with cases of its own: one without any does not compile. */
export const OPERATOR_CASES = {
  Add: [...binary((g, a, b) => g.add(a, b), EXACT), same((g, x) => g.add(x, x), EXACT)],
  Sub: [...binary((g, a, b) => g.sub(a, b), EXACT), same((g, x) => g.sub(x, x), EXACT)],
  Mul: [...binary((g, a, b) => g.mul(a, b), EXACT), same((g, x) => g.mul(x, x), EXACT)],
  Div: [
    ...binary((g, a, b) => g.div(a, b), { ...CURVED, draw: awayFromZero, tolerance: 3e-3 }),
    same((g, x) => g.div(x, x), { ...CURVED, draw: awayFromZero }),
  ],
  Min: binary((g, a, b) => g.min(a, b), { ...EXACT, draw: apart }),
  Max: binary((g, a, b) => g.max(a, b), { ...EXACT, draw: apart }),
  Neg: unary((g, x) => g.neg(x), EXACT),
  Abs: unary((g, x) => g.abs(x), { ...EXACT, draw: awayFromZero }),
  Exp: unary((g, x) => g.exp(x), CURVED),
  Log: unary((g, x) => g.log(x), { ...CURVED, draw: positive }),
  Sqrt: unary((g, x) => g.sqrt(x), { ...CURVED, draw: positive }),
  Relu: unary((g, x) => g.relu(x), { ...EXACT, draw: awayFromZero }),
  Sigmoid: unary((g, x) => g.sigmoid(x), CURVED),
  Softplus: unary((g, x) => g.softplus(x), CURVED),
  Identity: unary((g, x) => g.identity(x), EXACT),
  GreaterOrEqual: [
    one(
      'as a mask of another operand',
      [
        [2, 3],
        [2, 3],
      ],
      (g, [a, b]) => g.mul(g.cast(g.greaterOrEqual(a, 0), 'float32'), b),
      { ...EXACT, draw: awayFromZero },
    ),
  ],
  Where: BROADCASTS.map(([a, b]) =>
    one(
      `[${a.join(', ')}] or [${b.join(', ')}]`,
      [a, b, [2, 1, 1]],
      (g, [x, y, c]) => g.where(g.greaterOrEqual(c, 0), x, y),
      { ...EXACT, draw: awayFromZero },
    ),
  ).filter(({ shapes }) => fitsCondition(shapes)),
  MatMul: [
    [
      [2, 3],
      [3, 4],
    ],
    [
      [2, 2, 3],
      [2, 3, 4],
    ],
    [
      [2, 2, 3],
      [3, 4],
    ],
    [
      [2, 3],
      [2, 3, 2],
    ],
    [
      [2, 1, 2, 3],
      [2, 3, 1],
    ],
  ].map((shapes) =>
    one(shapes.map((s) => `[${s.join(', ')}]`).join(' × '), shapes, (g, [a, b]) => g.matMul(a, b)),
  ),
  Cast: [
    one('float32 to float32', [[2, 3]], (g, [x]) => g.cast(x, 'float32')),
    one('through bool, which cuts it', [[2, 3]], (g, [x]) => g.cast(g.cast(x, 'bool'), 'float32'), {
      ...EXACT,
      draw: awayFromZero,
    }),
  ],
  Conv: [
    convolution('3×3 with padding 1 and bias', [[2, 2, 4, 5], [3, 2, 3, 3], [3]], [1, 1, 1, 1]),
    convolution(
      '3×3 without padding or bias',
      [
        [2, 2, 4, 5],
        [3, 2, 3, 3],
      ],
      [0, 0, 0, 0],
    ),
    convolution('1×1', [[2, 3, 3, 2], [4, 3, 1, 1], [4]], [0, 0, 0, 0]),
    convolution('dilated by 2 and 3', [[1, 2, 5, 7], [2, 2, 3, 3], [2]], [2, 3, 2, 3], [2, 3]),
    convolution(
      'dilated, a window larger than the input',
      [
        [1, 1, 3, 4],
        [1, 1, 3, 3],
      ],
      [3, 4, 3, 4],
      [3, 4],
    ),
    convolution(
      '1×5 in frequency',
      [
        [1, 2, 3, 6],
        [2, 2, 1, 5],
      ],
      [0, 2, 0, 2],
    ),
    convolution(
      '3×1 in time, padded on one side',
      [
        [1, 2, 4, 3],
        [1, 2, 3, 1],
      ],
      [2, 0, 0, 0],
    ),
    convolution(
      'uneven padding',
      [
        [1, 1, 4, 5],
        [1, 1, 3, 2],
      ],
      [1, 0, 2, 1],
    ),
  ],
  Transpose: [
    one('a cycle of three axes', [[2, 3, 4]], (g, [x]) => g.transpose(x, [2, 0, 1])),
    one('four axes', [[2, 1, 3, 2]], (g, [x]) => g.transpose(x, [1, 3, 0, 2])),
  ],
  Reshape: [
    one('to a vector', [[2, 3]], (g, [x]) => g.reshape(x, [6])),
    one('to a scalar', [[1, 1]], (g, [x]) => g.reshape(x, [])),
  ],
  Expand: [
    one('along an axis', [[2, 1, 3]], (g, [x]) => g.expand(x, [2, 4, 3])),
    one('by leading axes', [[3]], (g, [x]) => g.expand(x, [2, 2, 3])),
    one('from a scalar', [[]], (g, [x]) => g.expand(x, [2, 3])),
    one('to its own shape', [[2, 3]], (g, [x]) => g.expand(x, [2, 3])),
  ],
  Concat: [
    one(
      'uneven parts',
      [
        [2, 1, 2],
        [2, 3, 2],
      ],
      (g, [a, b]) => g.concat([a, b], 1),
    ),
    one('a value twice', [[2, 2]], (g, [x]) => g.concat([x, x], 0)),
  ],
  Split: [
    one('uneven parts', [[2, 5]], (g, [x]) => g.split(x, 1, [1, 4])),
    one('even parts', [[2, 6]], (g, [x]) => g.split(x, 1, 3)),
    one('first output unused', [[2, 5]], (g, [x]) => g.split(x, 1, [2, 1, 2]).slice(1)),
    one('last output unused', [[4, 2]], (g, [x]) => g.split(x, 0, 2).slice(0, 1)),
  ],
  Slice: [
    one('the middle', [[2, 5, 2]], (g, [x]) => g.slice(x, 1, 1, 4)),
    one('the start', [[4]], (g, [x]) => g.slice(x, 0, 0, 2)),
    one('overlapping windows', [[5]], (g, [x]) => [g.slice(x, 0, 0, 3), g.slice(x, 0, 2, 5)]),
  ],
  Pad: [
    one('uneven', [[2, 3]], (g, [x]) =>
      g.pad(x, [
        [1, 0],
        [2, 1],
      ]),
    ),
    one('one axis of three', [[2, 2, 2]], (g, [x]) =>
      g.pad(x, [
        [0, 0],
        [0, 2],
        [0, 0],
      ]),
    ),
  ],
  Reverse: [
    one('one axis', [[2, 3]], (g, [x]) => g.reverse(x, [1])),
    one('two axes', [[2, 3, 2]], (g, [x]) => g.reverse(x, [0, 2])),
  ],
  Squeeze: [one('two axes', [[1, 3, 1]], (g, [x]) => g.squeeze(x, [0, 2]))],
  Unsqueeze: [one('front and middle', [[2, 3]], (g, [x]) => g.unsqueeze(x, [0, 2]))],
  ReduceSum: [
    one('kept axes', [[2, 3, 2]], (g, [x]) => g.reduceSum(x, [0, 2], true)),
    one('dropped axes', [[2, 3, 2]], (g, [x]) => g.reduceSum(x, [1])),
    one('all axes', [[2, 3]], (g, [x]) => g.reduceSum(x, [0, 1])),
  ],
  ReduceMean: [
    one('kept axes', [[2, 3, 2]], (g, [x]) => g.reduceMean(x, [0, 2], true)),
    one('dropped axes', [[2, 3, 2]], (g, [x]) => g.reduceMean(x, [1])),
    one('all axes', [[2, 3]], (g, [x]) => g.reduceMean(x, [0, 1])),
  ],
  Spike: [
    spikeCase('inside the triangle', insideTriangle),
    spikeCase('inside the triangle around a threshold', insideTriangle, 0.7),
    spikeCase('outside it', (random) => (random.uniform() < 0.5 ? -1 : 1) * (1.6 + random.uniform())),
  ],
} satisfies Readonly<Record<Operator, readonly GradientCase[]>>;

/** The condition [2, 1, 1] must broadcast with both. */
function fitsCondition(shapes: GradientCase['shapes']): boolean {
  return shapes.every((shape) => shape.length < 3 || shape[0] === 1 || shape[0] === 2);
}
