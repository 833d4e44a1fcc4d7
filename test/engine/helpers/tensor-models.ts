import { GraphBuilder } from '#onnx/builder.js';
import { encodeModel, ModelProto } from '#onnx/model-file.js';

type Dims = readonly (number | string)[];

interface RawValue {
  readonly name: string;
  /** ONNX number. */
  readonly elemType: number;
  readonly shape: Dims;
}

/** A model of one node, written without the builder, which knows the types of our own graphs only. */
function oneNode(opType: string, inputs: readonly RawValue[], output: RawValue): Uint8Array {
  const value = ({ name, elemType, shape }: RawValue): object => {
    const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
    return { name, type: { tensorType: { elemType, shape: { dim } } } };
  };
  const input = inputs.map(({ name }) => name);
  const node = [{ opType, name: 'only', input, output: [output.name] }];
  const graph = { name: 'raw', node, input: inputs.map(value), output: [value(output)] };
  const model = { irVersion: 9, opsetImport: [{ domain: '', version: 18 }], graph };
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}

/** `y = x`, of any ONNX element type and shape. */
export function tensorModel(options: { elemType?: number; input?: Dims; output?: Dims } = {}): Uint8Array {
  const { elemType = 1, input = ['batch', 3], output = input } = options;
  return oneNode('Identity', [{ name: 'x', elemType, shape: input }], { name: 'y', elemType, shape: output });
}

/** `sum = a + b`, int64 `[batch, n]`. */
export function int64Model(): Uint8Array {
  const [a, b, sum] = ['a', 'b', 'sum'].map((name) => ({ name, elemType: 7, shape: ['batch', 'n'] }));
  return oneNode('Add', [a!, b!], sum!);
}

/** `y = a ÷ b` of whole numbers, int32 `[batch, n]`: the runtime fails for a divisor of 0. */
export function divisionModel(): Uint8Array {
  const [a, b, y] = ['a', 'b', 'y'].map((name) => ({ name, elemType: 6, shape: ['batch', 'n'] }));
  return oneNode('Div', [a!, b!], y!);
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

/** Each row minus the mean over the batch: not to be batched, though its first axis is dynamic. */
export function mixingModel(): Uint8Array {
  const g = new GraphBuilder('mixing');
  const x = g.input('x', 'float32', ['batch', 3]);
  g.output(g.sub(x, g.reduceMean(x, [0], true)), 'y');
  return encodeModel(g);
}
