import { DATA_TYPES, type Node, type Operator, type OperatorAttributes, type Value } from './types.js';

/** An ONNX node before serialisation. Constant operands are named by their int64 contents. */
export interface LoweredNode {
  readonly opType: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, number | readonly number[]>>;
}

/** What lowering needs from its surroundings: names of constant tensors, made on demand. */
export interface ConstantPool {
  int64s(values: readonly number[]): string;
  scalar(value: number): string;
}

type Lowering<A> = (node: Node, attributes: A, constants: ConstantPool) => readonly LoweredNode[];

const names = (values: readonly Value[]): string[] => values.map((value) => value.name);

function single(
  node: Node,
  extra: { opType?: string; constants?: readonly string[]; attributes?: LoweredNode['attributes'] } = {},
): readonly LoweredNode[] {
  return [
    {
      opType: extra.opType ?? node.op,
      name: node.name,
      inputs: [...names(node.inputs), ...(extra.constants ?? [])],
      outputs: names(node.outputs),
      attributes: extra.attributes ?? {},
    },
  ];
}

const plain: Lowering<unknown> = (node) => single(node);

const axesInput: Lowering<{ readonly axes: readonly number[] }> = (node, { axes }, constants) =>
  single(node, { constants: [constants.int64s(axes)] });

const reduction: Lowering<OperatorAttributes['ReduceSum']> = (node, { axes, keepDims }, constants) =>
  single(node, { constants: [constants.int64s(axes)], attributes: { keepdims: keepDims ? 1 : 0 } });

const spike: Lowering<OperatorAttributes['Spike']> = (node, { threshold }, constants) => {
  const fires = `${node.name}/fires`;
  return [
    {
      opType: 'GreaterOrEqual',
      name: `${node.name}/compare`,
      inputs: [...names(node.inputs), constants.scalar(threshold)],
      outputs: [fires],
      attributes: {},
    },
    {
      opType: 'Cast',
      name: node.name,
      inputs: [fires],
      outputs: names(node.outputs),
      attributes: { to: DATA_TYPES.float32 },
    },
  ];
};

const split: Lowering<OperatorAttributes['Split']> = (node, { axis, sizes }, constants) =>
  typeof sizes === 'number'
    ? single(node, { attributes: { axis, num_outputs: sizes } })
    : single(node, { constants: [constants.int64s(sizes)], attributes: { axis } });

/** Slicing with step −1 from the last element to before the first. */
const reverse: Lowering<OperatorAttributes['Reverse']> = (node, { axes }, constants) => {
  const all = (value: number): string => constants.int64s(axes.map(() => value));
  return single(node, {
    opType: 'Slice',
    constants: [all(-1), all(Number.MIN_SAFE_INTEGER), constants.int64s(axes), all(-1)],
  });
};

const LOWERINGS: { readonly [K in Operator]: Lowering<OperatorAttributes[K]> } = {
  Add: plain,
  Sub: plain,
  Mul: plain,
  Div: plain,
  Neg: plain,
  Abs: plain,
  Exp: plain,
  Log: plain,
  Sqrt: plain,
  Relu: plain,
  Sigmoid: plain,
  Softplus: plain,
  Identity: plain,
  Min: plain,
  Max: plain,
  GreaterOrEqual: plain,
  Where: plain,
  MatMul: plain,
  Cast: (node, { to }) => single(node, { attributes: { to: DATA_TYPES[to] } }),
  Conv: (node, { pads, dilations }) => single(node, { attributes: { pads, dilations } }),
  Transpose: (node, { permutation }) => single(node, { attributes: { perm: permutation } }),
  Reshape: (node, { shape }, constants) => single(node, { constants: [constants.int64s(shape)] }),
  Expand: (node, { shape }, constants) => single(node, { constants: [constants.int64s(shape)] }),
  Concat: (node, { axis }) => single(node, { attributes: { axis } }),
  Split: split,
  Slice: (node, { axis, start, end }, constants) =>
    single(node, { constants: [[start], [end], [axis]].map((v) => constants.int64s(v)) }),
  Pad: (node, { pads }, constants) =>
    single(node, { constants: [constants.int64s([...pads.map((p) => p[0]), ...pads.map((p) => p[1])])] }),
  Reverse: reverse,
  Squeeze: axesInput,
  Unsqueeze: axesInput,
  ReduceSum: reduction,
  ReduceMean: reduction,
  Spike: spike,
};

/** The ONNX nodes (opset 18) that stand for one node of the intermediate representation. */
export function lowerNode(node: Node, constants: ConstantPool): readonly LoweredNode[] {
  return (LOWERINGS[node.op] as Lowering<OperatorAttributes[Operator]>)(node, node.attributes, constants);
}
