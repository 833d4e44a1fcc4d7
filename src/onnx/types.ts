/** Element types that our graphs use; ONNX `TensorProto.DataType` numbers beside them. */
export const DATA_TYPES = { float32: 1, int64: 7, bool: 9 } as const;
export type DataType = keyof typeof DATA_TYPES;

/** A fixed size, or the name of a size known only at run time (`batch`), possibly times a factor (`2*batch`). */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** A tensor inside a graph under construction. */
export interface Value {
  readonly name: string;
  readonly type: DataType;
  readonly shape: Shape;
  /** The node that computes it; absent for graph inputs and initialisers. */
  readonly producer: Node | undefined;
}

/** One operator application. `attributes` are typed by the operator. */
export interface Node<K extends Operator = Operator> {
  readonly op: K;
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: OperatorAttributes[K];
}

/** Constant data that travels inside the model file. */
export interface Initializer {
  readonly value: Value;
  readonly data: Float32Array | BigInt64Array;
}

type None = Readonly<Record<string, never>>;
interface Axes {
  readonly axes: readonly number[];
}
interface Reduction extends Axes {
  readonly keepDims: boolean;
}

/** Every operator of the intermediate representation with its attributes. */
export interface OperatorAttributes {
  Add: None;
  Sub: None;
  Mul: None;
  Div: None;
  Neg: None;
  Abs: None;
  Exp: None;
  Log: None;
  Sqrt: None;
  Relu: None;
  Sigmoid: None;
  Softplus: None;
  Identity: None;
  Min: None;
  Max: None;
  GreaterOrEqual: None;
  Where: None;
  MatMul: None;
  Cast: { readonly to: DataType };
  /** Stride 1. Inputs x `[B, Cin, H, W]`, w `[Cout, Cin, kh, kw]`, optional bias `[Cout]`. */
  Conv: {
    /** Zero padding at the top, left, bottom, right. */
    readonly pads: readonly [number, number, number, number];
    readonly dilations: readonly [number, number];
  };
  Transpose: { readonly permutation: readonly number[] };
  Reshape: { readonly shape: readonly number[] };
  Expand: { readonly shape: readonly number[] };
  Concat: { readonly axis: number };
  /** One output for each entry of `sizes`; `sizes` as a count splits evenly (allowed on symbolic axes). */
  Split: { readonly axis: number; readonly sizes: readonly number[] | number };
  Slice: { readonly axis: number; readonly start: number; readonly end: number };
  /** Zero padding, one `[before, after]` for each axis. */
  Pad: { readonly pads: readonly (readonly [number, number])[] };
  Reverse: Axes;
  Squeeze: Axes;
  Unsqueeze: Axes;
  ReduceSum: Reduction;
  ReduceMean: Reduction;
  /**
   * The spike of a neuron: H(x − threshold), 1 where x ≥ threshold, else 0, as float32. Lowered to
   * `GreaterOrEqual` and `Cast` in the model file; its derivative is the triangular surrogate of width
   * `surrogateWidth`.
   */
  Spike: { readonly threshold: number; readonly surrogateWidth: number };
}

export type Operator = keyof OperatorAttributes;
