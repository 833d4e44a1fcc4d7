/** The nodes inside a model file, and further outputs for values inside it. */
import { SpikingRxError, invalid } from '../errors.js';
import { ModelProto } from './model-file.js';
import { DATA_TYPES } from './types.js';

/** A node of a model file, in execution order. Names of values are those of the file. */
export interface FileNode {
  readonly op: string;
  readonly name: string;
  /** An optional input that is left out is the empty string. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes that hold whole numbers, each as a list. */
  readonly integers: ReadonlyMap<string, readonly number[]>;
}

/** Constant data in a model file. */
export interface FileTensor {
  readonly dims: readonly number[];
  /** ONNX number of the element type. */
  readonly elemType: number;
  /** @throws FAILED_PRECONDITION unless the elements are float32. */
  floats(): Float32Array;
}

export interface ModelNodes {
  readonly nodes: readonly FileNode[];
  readonly initializers: ReadonlyMap<string, FileTensor>;
  /** The node that computes a value. */
  readonly producers: ReadonlyMap<string, FileNode>;
}

interface DecodedTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
}
interface DecodedGraph {
  readonly node: readonly {
    readonly opType: string;
    readonly name: string;
    readonly input: readonly string[];
    readonly output: readonly string[];
    readonly attribute: readonly { readonly name: string; readonly i?: number; readonly ints: number[] }[];
  }[];
  readonly initializer: readonly DecodedTensor[];
}

function decode(bytes: Uint8Array): ReturnType<typeof ModelProto.decode> {
  try {
    return ModelProto.decode(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SpikingRxError('FAILED_PRECONDITION', `not an ONNX model: ${reason}`, { cause });
  }
}

function fileTensor({ name, dims, dataType, rawData }: DecodedTensor): FileTensor {
  return {
    dims,
    elemType: dataType,
    floats: () => {
      if (dataType === DATA_TYPES.float32) return new Float32Array(Uint8Array.from(rawData).buffer);
      throw new SpikingRxError(
        'FAILED_PRECONDITION',
        `initialiser '${name}': expected element type ${DATA_TYPES.float32} (float32), found ${dataType}`,
      );
    },
  };
}

/** @throws FAILED_PRECONDITION when the bytes are no ONNX model. */
export function readNodes(bytes: Uint8Array): ModelNodes {
  const { graph } = ModelProto.toObject(decode(bytes), { longs: Number, arrays: true, defaults: false }) as {
    readonly graph?: DecodedGraph;
  };
  if (!graph) throw new SpikingRxError('FAILED_PRECONDITION', 'not an ONNX model: no graph in the file');
  const nodes = graph.node.map(
    ({ opType, name, input, output, attribute }): FileNode => ({
      op: opType,
      name: name ?? '',
      inputs: input,
      outputs: output,
      integers: new Map(attribute.map(({ name: key, i, ints }) => [key, i === undefined ? ints : [i]])),
    }),
  );
  return {
    nodes,
    initializers: new Map(graph.initializer.map((tensor) => [tensor.name, fileTensor(tensor)])),
    producers: new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const))),
  };
}

/**
 * A copy of a model file with further float32 outputs. Each is an `Identity` of a value inside, so one value may go
 * out under several names, and nothing else in the file changes.
 * @param outputs the value inside by the name of the new output
 * @throws INVALID_ARGUMENT when the file has no such value, or a value or an output of the new name already.
 */
export function withOutputs(bytes: Uint8Array, outputs: ReadonlyMap<string, string>): Uint8Array {
  const { producers } = readNodes(bytes);
  const model = ModelProto.toObject(decode(bytes)) as {
    graph: { node: object[]; output?: { readonly name: string }[] };
  };
  const { graph } = model;
  const taken = new Set([...producers.keys(), ...(graph.output ?? []).map(({ name }) => name)]);
  for (const [name, value] of outputs) {
    if (!producers.has(value)) throw invalid(`output ${name}`, 'a value that a node computes', value);
    if (taken.has(name)) throw invalid(`output ${name}`, 'a name that is free', 'one that is taken');
    graph.node.push({ opType: 'Identity', name, input: [value], output: [name], attribute: [] });
  }
  const added = [...outputs.keys()].map((name) => ({
    name,
    type: { tensorType: { elemType: DATA_TYPES.float32 } },
  }));
  graph.output = [...(graph.output ?? []), ...added];
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}
