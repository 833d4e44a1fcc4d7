import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '#onnx/builder.js';
import { OPSET, encodeModel, summariseModel } from '#onnx/model-file.js';
import { encodeServiceModel } from '#nn/service-graph.js';
import { networkConfig, trainedNetwork } from '../support/networks.js';
import { outputOf, runModel, tensorOf } from '../support/run-graph.js';
import { at } from '../support/matchers.js';
import { type ReadModel, readOnnx } from './wire-reader.js';

function small(): GraphBuilder {
  const g = new GraphBuilder('small');
  const x = g.input('x', 'float32', ['batch', 2, 3, 4]);
  const w = g.initializer(
    'w',
    [1, 2, 3, 3],
    Float32Array.from({ length: 18 }, (_, i) => i / 8),
  );
  const y = g.scope('layer', () => g.conv(x, w, undefined, { pads: [1, 2, 1, 2], dilations: [1, 2] }));
  g.output(g.spike(g.transpose(y, [0, 2, 3, 1]), { threshold: 1, surrogateWidth: 1 }), 'spikes');
  return g;
}

describe('encodeModel', () => {
  it('writes what an independent reader reads', () => {
    const model = readOnnx(encodeModel(small(), { author: 'somebody', note: 'ü' }));
    expect(model).toMatchObject({
      irVersion: 9,
      producer: 'spikingrx',
      opset: OPSET,
      graphName: 'small',
      metadata: { author: 'somebody', note: 'ü' },
      inputs: { x: { elemType: 1, shape: ['batch', 2, 3, 4] } },
      outputs: { spikes: { elemType: 1, shape: ['batch', 3, 4, 1] } },
    });
    const weights = model.initializers['w'];
    expect(weights).toMatchObject({ dims: [1, 2, 3, 3], dataType: 1 });
    const { buffer, byteOffset } = weights?.raw ?? new Uint8Array();
    const view = new DataView(buffer, byteOffset, 4 * 18);
    expect(Array.from({ length: 18 }, (_, i) => view.getFloat32(4 * i, true) * 8)).toEqual([
      ...Array(18).keys(),
    ]);
  });

  it('names nodes by scope and operator, and lowers a spike to GreaterOrEqual and Cast', () => {
    const { nodes } = readOnnx(encodeModel(small()));
    expect(nodes.map(({ opType, name }) => `${opType} ${name}`)).toEqual([
      'Conv layer/Conv',
      'Transpose Transpose',
      'GreaterOrEqual Spike/compare',
      'Cast Spike',
      'Identity output/spikes',
    ]);
    expect(at(nodes, 0).attributes).toEqual({ pads: [1, 2, 1, 2], dilations: [1, 2] });
    expect(at(nodes, 1).attributes).toEqual({ perm: [0, 2, 3, 1] });
    expect(at(nodes, 3).attributes).toEqual({ to: 1 });
  });

  it('writes the same bytes when a graph is written twice', () => {
    const g = small();
    expect(encodeModel(g)).toEqual(encodeModel(g));
  });

  it('shares constants, and tells −0.5 from 0.5', async () => {
    const g = new GraphBuilder('constants');
    const x = g.input('x', 'float32', [1]);
    g.output(g.add(g.add(g.mul(x, 0.5), 0.5), g.mul(x, -0.5)), 'y');
    const bytes = encodeModel(g);
    expect(Object.keys(readOnnx(bytes).initializers)).toEqual(['scalar_0.5', 'scalar_-0.5']);
    expect(outputOf(await runModel(bytes, { x: tensorOf([1], [3]) }), 'y').data[0]).toBe(0.5);
  });

  it('is consistent throughout a whole SpikingRx: every name is made once, before it is used', () => {
    const model = readOnnx(
      encodeServiceModel(trainedNetwork(networkConfig(), 1), { name: 'a', version: '1' }),
    );
    expect(problemsOf(model)).toEqual([]);
    const broken: ReadModel = { ...model, nodes: model.nodes.toReversed() };
    expect(problemsOf(broken).length).toBeGreaterThan(0);
  });
});

/** Names used before they are made, made twice, or outputs that nobody makes. */
function problemsOf({ nodes, initializers, inputs, outputs }: ReadModel): string[] {
  const known = new Set([...Object.keys(initializers), ...Object.keys(inputs)]);
  const problems: string[] = [];
  const nodeNames = new Set<string>();
  for (const node of nodes) {
    if (nodeNames.has(node.name)) problems.push(`two nodes are called ${node.name}`);
    nodeNames.add(node.name);
    for (const name of node.inputs) if (!known.has(name)) problems.push(`${node.name} uses unknown ${name}`);
    for (const name of node.outputs) {
      if (known.has(name)) problems.push(`${node.name} makes ${name} again`);
      known.add(name);
    }
  }
  for (const name of Object.keys(outputs)) if (!known.has(name)) problems.push(`nobody makes ${name}`);
  return problems;
}

describe('summariseModel', () => {
  it('reads back inputs, outputs, opset and metadata', () => {
    expect(summariseModel(encodeModel(small(), { key: 'value' }))).toEqual({
      opset: OPSET,
      inputs: [{ name: 'x', elemType: 1, shape: ['batch', 2, 3, 4], isRanked: true }],
      outputs: [{ name: 'spikes', elemType: 1, shape: ['batch', 3, 4, 1], isRanked: true }],
      metadata: { key: 'value' },
    });
  });

  it('refuses what is no model', () => {
    expect(() => summariseModel(new Uint8Array())).toThrow('no graph in the file');
    expect(() => summariseModel(new TextEncoder().encode('not a model at all'))).toThrow('wire type');
    expect(() => summariseModel(encodeModel(small()).subarray(0, 60))).toThrow('out of range');
  });
});
