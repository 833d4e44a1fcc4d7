/**
 * A reader of ONNX files that shares nothing with the writer: the protobuf wire format by hand, field numbers
 * from onnx.proto3 (github.com/onnx/onnx, IR version 9).
 */

type Field = number | Uint8Array;
type Message = ReadonlyMap<number, readonly Field[]>;

function readVarint(bytes: Uint8Array, start: number): [value: number, next: number] {
  let value = 0n;
  let shift = 0n;
  for (let i = start; ; i++) {
    const byte = bytes[i];
    if (byte === undefined) throw new Error(`varint runs past the end at ${start}`);
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte < 0x80) return [Number(BigInt.asIntN(64, value)), i + 1];
  }
}

/** Fields by number; varints as numbers, everything with a length as bytes. */
function readMessage(bytes: Uint8Array): Message {
  const fields = new Map<number, Field[]>();
  let at = 0;
  while (at < bytes.length) {
    const [key, afterKey] = readVarint(bytes, at);
    const [value, next] = readVarint(bytes, afterKey);
    const [number, wireType] = [key >> 3, key & 7];
    if (wireType !== 0 && wireType !== 2) throw new Error(`unexpected wire type ${wireType}`);
    const end = wireType === 0 ? next : next + value;
    fields.set(number, [...(fields.get(number) ?? []), wireType === 0 ? value : bytes.subarray(next, end)]);
    at = end;
  }
  return fields;
}

function blobs(message: Message, field: number): Uint8Array[] {
  return (message.get(field) ?? []).filter((value) => value instanceof Uint8Array);
}

function messages(message: Message, field: number): Message[] {
  return blobs(message, field).map(readMessage);
}

function texts(message: Message, field: number): string[] {
  return blobs(message, field).map((bytes) => new TextDecoder().decode(bytes));
}

/** Repeated integers, packed or not. */
function integers(message: Message, field: number): number[] {
  return (message.get(field) ?? []).flatMap((value) => {
    if (typeof value === 'number') return [value];
    const unpacked: number[] = [];
    for (let at = 0; at < value.length; ) {
      const [integer, next] = readVarint(value, at);
      unpacked.push(integer);
      at = next;
    }
    return unpacked;
  });
}

export interface ReadNode {
  readonly opType: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, number | readonly number[]>>;
}

export interface ReadModel {
  readonly irVersion: number;
  readonly producer: string;
  readonly opset: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly graphName: string;
  readonly nodes: readonly ReadNode[];
  readonly initializers: Readonly<Record<string, { dims: number[]; dataType: number; raw: Uint8Array }>>;
  readonly inputs: Readonly<Record<string, { elemType: number; shape: (number | string)[] }>>;
  readonly outputs: ReadModel['inputs'];
}

const first = <T>(values: readonly T[]): T | undefined => values[0];

function readNode(node: Message): ReadNode {
  const attributes = messages(node, 5).map((attribute): [string, number | number[]] => {
    // type 2 = INT in field 3, type 7 = INTS in field 8
    const isList = first(integers(attribute, 20)) === 7;
    return [
      first(texts(attribute, 1)) ?? '',
      isList ? integers(attribute, 8) : (first(integers(attribute, 3)) ?? 0),
    ];
  });
  return {
    opType: first(texts(node, 4)) ?? '',
    name: first(texts(node, 3)) ?? '',
    inputs: texts(node, 1),
    outputs: texts(node, 2),
    attributes: Object.fromEntries(attributes),
  };
}

function readValues(graph: Message, field: number): ReadModel['inputs'] {
  return Object.fromEntries(
    messages(graph, field).map((info) => {
      const tensorType = messages(info, 2).flatMap((type) => messages(type, 1));
      const shape = tensorType.flatMap((type) => messages(type, 2)).flatMap((dims) => messages(dims, 1));
      return [
        first(texts(info, 1)) ?? '',
        {
          elemType: first(tensorType.flatMap((type) => integers(type, 1))) ?? 0,
          shape: shape.map((dim) => first(texts(dim, 2)) ?? first(integers(dim, 1)) ?? -1),
        },
      ];
    }),
  );
}

export function readOnnx(bytes: Uint8Array): ReadModel {
  const model = readMessage(bytes);
  const graph = first(messages(model, 7));
  if (!graph) throw new Error('no graph');
  return {
    irVersion: first(integers(model, 1)) ?? 0,
    producer: first(texts(model, 2)) ?? '',
    opset: first(messages(model, 8).flatMap((opset) => integers(opset, 2))) ?? 0,
    metadata: Object.fromEntries(
      messages(model, 14).map((entry) => [first(texts(entry, 1)) ?? '', first(texts(entry, 2)) ?? '']),
    ),
    graphName: first(texts(graph, 2)) ?? '',
    nodes: messages(graph, 1).map(readNode),
    initializers: Object.fromEntries(
      messages(graph, 5).map((tensor) => [
        first(texts(tensor, 8)) ?? '',
        {
          dims: integers(tensor, 1),
          dataType: first(integers(tensor, 2)) ?? 0,
          raw: first(blobs(tensor, 9)) ?? new Uint8Array(),
        },
      ]),
    ),
    inputs: readValues(graph, 11),
    outputs: readValues(graph, 12),
  };
}
