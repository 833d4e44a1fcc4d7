import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import type { Graph } from './graph.js';
import { type ConstantPool, type LoweredNode, lowerNode } from './lowering.js';
import { DATA_TYPES, type Dim, type Value } from './types.js';

/** ONNX operator set that our graphs use. */
export const OPSET = 18;
const IR_VERSION = 9;

const root = protobuf.loadSync(fileURLToPath(new URL('../../proto/onnx/onnx.proto', import.meta.url)));
/** The message of a model file, as `proto/onnx/onnx.proto` has it. */
export const ModelProto = root.lookupType('onnx.ModelProto');
const ATTRIBUTE = { INT: 2, INTS: 7 } as const;

/** Name, element type (ONNX number) and shape of a model's input or output. */
export interface TensorSignature {
  readonly name: string;
  readonly elemType: number;
  readonly shape: readonly Dim[];
  /** False where the file leaves the rank open; `shape` is empty then. */
  readonly isRanked: boolean;
}

/** What a reader needs to know of a model file without running it. */
export interface ModelSummary {
  readonly opset: number;
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  readonly metadata: Readonly<Record<string, string>>;
}

function tensor(name: string, dims: readonly number[], data: Float32Array | BigInt64Array): object {
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const dataType = data instanceof Float32Array ? DATA_TYPES.float32 : DATA_TYPES.int64;
  return { name, dims, dataType, rawData };
}

function valueInfo(value: Value): object {
  const dim = value.shape.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d }));
  return { name: value.name, type: { tensorType: { elemType: DATA_TYPES[value.type], shape: { dim } } } };
}

function nodeProto({ opType, name, inputs, outputs, attributes }: LoweredNode): object {
  const attribute = Object.entries(attributes).map(([key, value]) =>
    typeof value === 'number'
      ? { name: key, i: value, type: ATTRIBUTE.INT }
      : { name: key, ints: value, type: ATTRIBUTE.INTS },
  );
  return { opType, name, input: inputs, output: outputs, attribute };
}

/** Constants that lowering asks for are added to the graph's own, under the same shared names. */
function poolOf(graph: Graph): ConstantPool {
  return {
    int64s: (values) => graph.int64s(values).name,
    scalar: (value) => graph.scalar(value).name,
  };
}

/**
 * Serialises a graph as an ONNX model. Removes nothing: what was built is what is written.
 * @param metadata `metadata_props` of the model.
 */
export function encodeModel(graph: Graph, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const pool = poolOf(graph);
  const node = graph.nodes.flatMap((n) => lowerNode(n, pool)).map(nodeProto);
  const model = {
    irVersion: IR_VERSION,
    producerName: 'spikingrx',
    opsetImport: [{ domain: '', version: OPSET }],
    graph: {
      name: graph.name,
      node,
      initializer: graph.initializers.map(({ value, data }) =>
        tensor(value.name, value.shape as number[], data),
      ),
      input: graph.inputs.map(valueInfo),
      output: graph.outputs.map(valueInfo),
    },
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  };
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}

interface DecodedValueInfo {
  name: string;
  type?: { tensorType?: { elemType: number; shape?: { dim?: { dimValue?: number; dimParam?: string }[] } } };
}

/** Undefined where the size is dynamic and has no name; some exporters write −1 for that. */
function sizeOf({ dimParam, dimValue = -1 }: { dimValue?: number; dimParam?: string }): Dim | undefined {
  return dimParam || (dimValue >= 0 ? dimValue : undefined);
}

function signature({ name, type }: DecodedValueInfo): TensorSignature {
  const shape = type?.tensorType?.shape;
  const dims = shape?.dim ?? [];
  return {
    name,
    elemType: type?.tensorType?.elemType ?? 0,
    shape: dims.map((d, i) => sizeOf(d) ?? `dim_${i}`),
    isRanked: shape !== undefined,
  };
}

/** Reads inputs, outputs and metadata of a model file. @throws Error when the bytes are not an ONNX model. */
export function summariseModel(bytes: Uint8Array): ModelSummary {
  const decoded = ModelProto.toObject(ModelProto.decode(bytes), { longs: Number, arrays: true }) as {
    opsetImport: { domain?: string; version: number }[];
    metadataProps: { key: string; value: string }[];
    graph?: { input: DecodedValueInfo[]; output: DecodedValueInfo[]; initializer: { name: string }[] };
  };
  if (!decoded.graph) throw new Error('no graph in the file');
  const constants = new Set(decoded.graph.initializer.map(({ name }) => name));
  return {
    opset: decoded.opsetImport.find(({ domain }) => !domain)?.version ?? 0,
    inputs: decoded.graph.input.filter(({ name }) => !constants.has(name)).map(signature),
    outputs: decoded.graph.output.map(signature),
    metadata: Object.fromEntries(decoded.metadataProps.map(({ key, value }) => [key, value])),
  };
}
