import { describe, it } from 'vitest';
import { gradients } from '#grad/differentiate.js';
import { GraphBuilder } from '#onnx/builder.js';
import type { Value } from '#onnx/types.js';
import { expect } from '../support/matchers.js';
import { outputOf, runGraph, tensorOf } from '../support/run-graph.js';
import { CURVED, EXACT, type GradientCase, checkGradients } from './check-gradients.js';

/** Compositions: what single operators do not show. */
const COMPOSITIONS: readonly GradientCase[] = [
  {
    name: 'a value used three times',
    shapes: [[2, 3]],
    build: (g, [x]) => g.add(g.mul(x, g.exp(x)), g.neg(x)),
    ...CURVED,
  },
  {
    name: 'x·x·x',
    shapes: [[4]],
    build: (g, [x]) => g.mul(g.mul(x, x), x),
    ...CURVED,
  },
  {
    name: 'a value and its reshaped self',
    shapes: [[2, 3]],
    build: (g, [x]) => g.matMul(x, g.reshape(x, [3, 2])),
    ...EXACT,
  },
  {
    name: 'moments as a norm uses them',
    shapes: [[3, 2, 2, 2]],
    build: (g, [x]) => {
      const mean = g.reduceMean(x, [0, 2, 3], true);
      const power = g.reduceMean(g.mul(x, x), [0, 2, 3], true);
      return g.div(g.sub(x, mean), g.sqrt(g.add(g.sub(power, g.mul(mean, mean)), 0.1)));
    },
    ...CURVED,
  },
  {
    name: 'a mean that is broadcast back',
    shapes: [[2, 3]],
    build: (g, [x]) => g.mul(x, g.reduceSum(x, [1], true)),
    ...EXACT,
  },
  {
    name: 'a lazily broadcast gradient through elementwise operators, a split and a convolution',
    shapes: [
      [1, 2, 3, 3],
      [2, 1, 3, 3],
    ],
    build: (g, [x, w]) => {
      const [first] = g.split(g.relu(g.add(g.abs(x), 0.1)), 1, 2) as [Value, Value];
      const y = g.conv(first, w, undefined, { pads: [1, 1, 1, 1], dilations: [1, 1] });
      return g.reduceMean(g.identity(y), [0, 1, 2, 3]);
    },
    draw: (random) => (random.uniform() < 0.5 ? -1 : 1) * (0.5 + random.uniform()),
    ...EXACT,
  },
  {
    name: 'two convolutions in a row',
    shapes: [
      [1, 1, 4, 5],
      [2, 1, 3, 3],
      [1, 2, 1, 1],
    ],
    build: (g, [x, w, v]) => {
      const inner = g.conv(x, w, undefined, { pads: [2, 1, 2, 1], dilations: [2, 1] });
      return g.conv(g.mul(inner, inner), v, undefined, { pads: [0, 0, 0, 0], dilations: [1, 1] });
    },
    ...CURVED,
    tolerance: 5e-3,
  },
];

describe('gradients', () => {
  it.each(COMPOSITIONS)('of $name equal finite differences', async (test) => {
    await expect(checkGradients(test)).resolves.toBeUndefined();
  });

  it('are zeros of the right shape where the loss does not depend on a parameter', async () => {
    const g = new GraphBuilder('independent');
    const x = g.input('x', 'float32', [2]);
    const unused = g.input('unused', 'float32', [2, 3]);
    const [dx, dUnused] = gradients(g, g.reduceSum(x, [0]), [x, unused]) as [Value, Value];
    g.output(dx, 'dx');
    g.output(dUnused, 'dunused');
    const outputs = await runGraph(g, {
      x: tensorOf([2], [1, 2]),
      unused: tensorOf([2, 3], Array(6).fill(1)),
    });
    expect([...outputOf(outputs, 'dx').data]).toEqual([1, 1]);
    expect(outputOf(outputs, 'dunused').dims).toEqual([2, 3]);
    expect([...outputOf(outputs, 'dunused').data]).toEqual(Array(6).fill(0));
  });

  it('can be taken with respect to a value in the middle of the graph', async () => {
    const g = new GraphBuilder('middle');
    const x = g.input('x', 'float32', [2]);
    const middle = g.exp(x);
    const [slope] = gradients(g, g.reduceSum(g.mul(middle, middle), [0]), [middle]) as [Value];
    g.output(slope, 'slope');
    const { slope: values } = await runGraph(g, { x: tensorOf([2], [0, 1]) });
    expect(values?.data ?? []).toBeAllClose([2, 2 * Math.E], { absolute: 1e-5 });
  });

  it('take the first of equals at Min and Max, and 0 at the kink of Relu', async () => {
    const g = new GraphBuilder('kinks');
    const a = g.input('a', 'float32', [1]);
    const b = g.input('b', 'float32', [1]);
    const loss = g.reduceSum(g.add(g.mul(g.max(a, b), 2), g.relu(a)), [0]);
    gradients(g, loss, [a, b]).forEach((d, i) => g.output(d, `d${i}`));
    const outputs = await runGraph(g, { a: tensorOf([1], [0]), b: tensorOf([1], [0]) });
    expect([outputOf(outputs, 'd0').data[0], outputOf(outputs, 'd1').data[0]]).toEqual([2, 0]);
  });

  it('refuse a loss that is no scalar', () => {
    const g = new GraphBuilder('vector');
    const x = g.input('x', 'float32', [2, 3]);
    expect(() => gradients(g, x, [x])).toThrow('the loss must be a scalar, received [2, 3]');
  });

  it('refuse sizes that are known only at run time', () => {
    const g = new GraphBuilder('symbolic');
    const x = g.input('x', 'float32', ['batch', 3]);
    expect(() => gradients(g, g.reduceSum(x, [0, 1]), [x])).toThrow("size 'batch'");
  });
});
