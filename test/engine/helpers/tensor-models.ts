import { GraphBuilder } from '#onnx/builder.js';
import { encodeModel, ModelProto } from '#onnx/model-file.js';

type Dims = readonly (number | string)[];

/** `y = x`, of any ONNX element type and shape. */
export function tensorModel(options: { elemType?: number; input?: Dims; output?: Dims } = {}): Uint8Array {
  const { elemType = 1, input = ['batch', 3], output = input } = options;
  const value = (name: string, dims: Dims): object => ({
    name,
    type: {
      tensorType: {
        elemType,
        shape: { dim: dims.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d })) },
      },
    },
  });
  const model = {
    irVersion: 9,
    opsetImport: [{ domain: '', version: 18 }],
    graph: {
      name: 'identity',
      node: [{ opType: 'Identity', name: 'id', input: ['x'], output: ['y'] }],
      input: [value('x', input)],
      output: [value('y', output)],
    },
  };
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}

/** Weights `[3, 2]` and bias `[2]` of {@link affineModel}. */
export const AFFINE = { weights: [0.5, -1, 2, 0.25, -0.125, 4], bias: [1, -2] } as const;

/** `y = x·W + b`, x `[batch, 3]`, y `[batch, 2]`; a second output `positive` `[batch, 2]` bool: y ≥ 0. */
export function affineModel(): Uint8Array {
  const g = new GraphBuilder('affine');
  const x = g.input('x', 'float32', ['batch', 3]);
  const weights = g.initializer('W', [3, 2], Float32Array.from(AFFINE.weights));
  const bias = g.initializer('b', [2], Float32Array.from(AFFINE.bias));
  const y = g.add(g.matMul(x, weights), bias);
  g.output(y, 'y');
  g.output(g.greaterOrEqual(y, 0), 'positive');
  return encodeModel(g);
}

/** `sum = a + b`, int64 `[batch, n]`. */
export function int64Model(): Uint8Array {
  const g = new GraphBuilder('sum');
  const shape = ['batch', 'n'];
  g.output(g.add(g.input('a', 'int64', shape), g.input('b', 'int64', shape)), 'sum');
  return encodeModel(g);
}

/** Each row minus the mean over the batch: not to be batched, though its first axis is dynamic. */
export function mixingModel(): Uint8Array {
  const g = new GraphBuilder('mixing');
  const x = g.input('x', 'float32', ['batch', 3]);
  g.output(g.sub(x, g.reduceMean(x, [0], true)), 'y');
  return encodeModel(g);
}
