import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '#onnx/builder.js';
import { createSession } from '#engine/session.js';
import { encodeModel } from '#onnx/model-file.js';
import type { Shape, Value } from '#onnx/types.js';
import { OPERATOR_CASES } from '../grad/cases.js';
import { outputOf, runGraph, tensorOf } from '../support/run-graph.js';

function inputs(g: GraphBuilder, ...shapes: readonly Shape[]): Value[] {
  return shapes.map((shape, i) => g.input(`x${i}`, 'float32', shape));
}

describe('shape errors', () => {
  it.each<{ op: string; build: (g: GraphBuilder) => unknown; message: string }>([
    {
      op: 'Add',
      build: (g) => g.add(g.input('a', 'float32', [2, 3]), g.input('b', 'float32', [4])),
      message: 'shapes [2, 3] and [4] do not broadcast',
    },
    {
      op: 'Mul',
      build: (g) => g.mul(g.input('a', 'float32', ['batch', 3]), g.input('b', 'float32', ['rows', 3])),
      message: 'shapes [batch, 3] and [rows, 3] do not broadcast',
    },
    {
      op: 'Exp',
      build: (g) => g.exp(g.input('a', 'int64', [2])),
      message: 'expected float32, received int64',
    },
    {
      op: 'Conv',
      build: (g) => {
        const [x, w] = inputs(g, ['batch', 3, 4, 4], [8, 2, 3, 3]) as [Value, Value];
        return g.conv(x, w, undefined, { pads: [1, 1, 1, 1], dilations: [1, 1] });
      },
      message: 'input [batch, 3, 4, 4] does not fit weights [8, 2, 3, 3]',
    },
    {
      op: 'Conv',
      build: (g) => {
        const [x, w, b] = inputs(g, [1, 2, 4, 4], [8, 2, 3, 3], [4]) as [Value, Value, Value];
        return g.conv(x, w, b, { pads: [1, 1, 1, 1], dilations: [1, 1] });
      },
      message: 'bias [4] does not fit weights [8, 2, 3, 3]',
    },
    {
      op: 'Conv',
      build: (g) => {
        const [x, w] = inputs(g, [1, 2, 'symbols', 4], [8, 2, 3, 3]) as [Value, Value];
        return g.conv(x, w, undefined, { pads: [0, 1, 0, 1], dilations: [1, 1] });
      },
      message: "symbolic size 'symbols' must keep its size, but would change by -2",
    },
    {
      op: 'MatMul',
      build: (g) => g.matMul(...(inputs(g, [2, 3], [4, 5]) as [Value, Value])),
      message: 'shapes [2, 3] and [4, 5] do not multiply',
    },
    {
      op: 'Concat',
      build: (g) => g.concat(inputs(g, [2, 3], [2, 4]), 0),
      message: '[2, 4] does not join [2, 3] on axis 0',
    },
    {
      op: 'Split',
      build: (g) => g.split(g.input('a', 'float32', [2, 5]), 1, [2, 2]),
      message: 'parts of 4 do not fill axis 1 of [2, 5]',
    },
    {
      op: 'Split',
      build: (g) => g.split(g.input('a', 'float32', ['batch', 5]), 0, 2),
      message: 'size batch does not split into 2 equal parts',
    },
    {
      op: 'Slice',
      build: (g) => g.slice(g.input('a', 'float32', [2, 5]), 1, 3, 6),
      message: 'slice 3:6 is outside axis 1 of [2, 5]',
    },
    {
      op: 'Reshape',
      build: (g) => g.reshape(g.input('a', 'float32', [2, 5]), [3, 3]),
      message: '[2, 5] does not reshape to [3, 3]',
    },
    {
      op: 'Reshape',
      build: (g) => g.reshape(g.input('a', 'float32', ['batch', 5]), [10]),
      message: "size 'batch' of [batch, 5] must be fixed here",
    },
    {
      op: 'Where',
      build: (g) => g.where(g.input('a', 'float32', [2]), 1, 0),
      message: 'expected bool, received float32',
    },
    {
      op: 'Transpose',
      build: (g) => g.transpose(g.input('a', 'float32', [2, 5]), [1, 0, 2]),
      message: 'permutation [1, 0, 2] does not fit [2, 5]',
    },
    {
      op: 'Squeeze',
      build: (g) => g.squeeze(g.input('a', 'float32', [1, 5]), [1]),
      message: 'axis 1 of [1, 5] is not 1',
    },
    {
      op: 'ReduceSum',
      build: (g) => g.reduceSum(g.input('a', 'float32', [1, 5]), [2]),
      message: 'axis 2 is outside [1, 5]',
    },
    {
      op: 'ReduceMean',
      build: (g) => g.reduceMean(g.input('a', 'float32', [1, 5]), []),
      message: 'no axes of [1, 5] to reduce',
    },
    {
      op: 'Conv',
      build: (g) => {
        const [x, w] = inputs(g, [1, 1, 4, 4], [1, 1, 3, 3]) as [Value, Value];
        return g.conv(x, w, undefined, { pads: [1, -1, 1, 1], dilations: [1, 1] });
      },
      message: 'padding [1, -1, 1, 1] must not be negative',
    },
    {
      op: 'Pad',
      build: (g) => g.pad(g.input('a', 'float32', [1, 5]), [[0, 1]]),
      message: '1 pads do not fit [1, 5]',
    },
  ])('of $op name node, operator and shapes: $message', ({ op, build, message }) => {
    const g = new GraphBuilder('errors');
    expect(() => g.scope('here', () => build(g))).toThrow(`node 'here/${op}' (${op}): ${message}`);
  });

  it('keep the scope right for what follows', () => {
    const g = new GraphBuilder('errors');
    const x = g.input('x', 'float32', [2]);
    expect(() => g.scope('broken', () => g.reshape(x, [3]))).toThrow('broken/Reshape');
    expect(g.scope('outer', () => g.scope('inner', () => g.neg(x))).name).toBe('outer/inner/Neg');
    expect(g.neg(x).name).toBe('Neg');
    expect(g.neg(x).name).toBe('Neg_2');
  });
});

const taken = (name: string): string => `the name '${name}' is taken in graph 'names'`;

describe('names', () => {
  it('given twice are refused', () => {
    const g = new GraphBuilder('names');
    const x = g.input('x', 'float32', [4]);
    g.initializer('w', [1], Float32Array.of(1));
    expect(() => g.input('x', 'float32', [1])).toThrow(taken('x'));
    expect(() => g.input('w', 'float32', [1])).toThrow(taken('w'));
    expect(() => g.initializer('x', [1], Float32Array.of(1))).toThrow(taken('x'));
    expect(() => g.output(x, 'x')).toThrow(taken('x'));
    g.output(x, 'y');
    expect(() => g.output(x, 'y')).toThrow(taken('y'));
  });

  it('that nodes have taken are refused, also those of several outputs', () => {
    const g = new GraphBuilder('names');
    const x = g.input('x', 'float32', [4]);
    g.neg(x);
    expect(() => g.input('Neg', 'float32', [1])).toThrow(taken('Neg'));
    g.split(x, 0, 2);
    expect(() => g.input('Split:1', 'float32', [1])).toThrow(taken('Split:1'));
  });

  it('of inputs are avoided by nodes', async () => {
    const g = new GraphBuilder('names');
    const x = g.input('Neg', 'float32', [1]);
    g.output(g.neg(x), 'y');
    expect(outputOf(await runGraph(g, { Neg: tensorOf([1], [2]) }), 'y').data[0]).toBe(-2);
  });

  it('of initialisers come with data that fills their shape', () => {
    const g = new GraphBuilder('names');
    expect(() => g.initializer('w', [2, 2], Float32Array.of(1))).toThrow(
      "initialiser 'w': 1 elements do not fill [2, 2]",
    );
  });
});

describe('inferred shapes', () => {
  const cases = Object.entries(OPERATOR_CASES).flatMap(([op, list]) => list.map((test) => ({ op, ...test })));

  it.each(cases)('are those that ONNX Runtime computes: $op, $name', async ({ shapes, build }) => {
    const g = new GraphBuilder('shapes');
    const values = inputs(g, ...shapes) as [Value, Value, Value];
    const built = [build(g, values)].flat<(Value | readonly Value[])[]>();
    built.forEach((value, i) => g.output(value, `y${i}`));
    const feeds = shapes.map((dims, i): [string, ReturnType<typeof tensorOf>] => [
      `x${i}`,
      tensorOf(dims, Array(dims.reduce((n, d) => n * d, 1)).fill(1)),
    ]);
    const outputs = await runGraph(g, Object.fromEntries(feeds));
    built.forEach((value, i) => {
      expect(outputOf(outputs, `y${i}`).dims).toEqual(value.shape);
    });
  });

  it('follow symbolic sizes through joining and splitting the batch', async () => {
    const g = new GraphBuilder('symbols');
    const x = g.input('x', 'float32', ['batch', 3]);
    const joined = g.concat([x, x, x], 0);
    expect(joined.shape).toEqual(['3*batch', 3]);
    const parts = g.split(joined, 0, 3);
    expect(parts.map(({ shape }) => shape)).toEqual([
      ['batch', 3],
      ['batch', 3],
      ['batch', 3],
    ]);
    g.output(parts[2] as Value, 'y');
    const session = await createSession(encodeModel(g));
    expect(session.inputs[0]?.dims).toEqual(['batch', 3]);
    await session.release();
  });
});
