import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '#onnx/builder.js';
import { encodeModel, summariseModel } from '#onnx/model-file.js';
import { readNodes, withOutputs } from '#onnx/model-nodes.js';
import { outputOf, runModel, tensorOf } from '../support/run-graph.js';

function model(): Uint8Array {
  const g = new GraphBuilder('inner');
  const x = g.input('x', 'float32', ['batch', 1, 3, 3]);
  const weights = g.initializer('w', [2, 1, 3, 3], new Float32Array(18).fill(0.5));
  const y = g.scope('layer', () => g.conv(x, weights, undefined, { pads: [1, 2, 1, 2], dilations: [1, 2] }));
  g.output(g.mul(y, 2), 'out');
  return encodeModel(g, { about: 'a test' });
}

describe('nodes of a model file', () => {
  it('have operators, names, attributes and weights', () => {
    const { nodes, initializers, producers } = readNodes(model());
    expect(nodes.map(({ op, name }) => [op, name])).toEqual([
      ['Conv', 'layer/Conv'],
      ['Mul', 'Mul'],
      ['Identity', 'output/out'],
    ]);
    expect(nodes[0]?.integers.get('pads')).toEqual([1, 2, 1, 2]);
    expect(nodes[0]?.integers.get('dilations')).toEqual([1, 2]);
    expect(initializers.get('w')?.dims).toEqual([2, 1, 3, 3]);
    expect(initializers.get('w')?.floats()).toEqual(new Float32Array(18).fill(0.5));
    expect(producers.get('out')?.op).toBe('Identity');
  });

  it('are refused with the reason when the file is no model', () => {
    expect(() => readNodes(Uint8Array.of(0x3a, 0xff, 1))).toThrow('not an ONNX model');
    expect(() => readNodes(new Uint8Array())).toThrow('no graph in the file');
  });
});

describe('further outputs', () => {
  it('show values inside, one value under several names too', async () => {
    const tapped = withOutputs(
      model(),
      new Map([
        ['a', 'layer/Conv'],
        ['b', 'layer/Conv'],
      ]),
    );
    const outputs = await runModel(tapped, { x: tensorOf([1, 1, 3, 3], new Float32Array(9).fill(1)) });
    const { data } = outputOf(outputs, 'out');
    for (const name of ['a', 'b']) expect(outputOf(outputs, name).data.map((v) => 2 * v)).toEqual(data);
    expect(summariseModel(tapped).metadata).toEqual({ about: 'a test' });
  });

  it('must be of values that there are, under free names', () => {
    expect(() => withOutputs(model(), new Map([['a', 'nothing']]))).toThrow('output a: expected a value');
    expect(() => withOutputs(model(), new Map([['out', 'Mul']]))).toThrow(
      'output out: expected a name that is free',
    );
  });
});
