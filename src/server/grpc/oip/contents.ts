import protobuf from 'protobufjs';
import { invalid } from '../../../errors.js';
import { ELEMENT_BYTES, type ElementType } from '../../../engine/elements.js';
import type { InferTensorContentsMessage } from '../../../wire/inference/messages.js';

type Reader = protobuf.Reader;

/** How the values of a type travel in `InferTensorContents`. */
interface List {
  /** Number and name of the list in the message. */
  readonly field: number;
  readonly name: keyof InferTensorContentsMessage;
  readonly label: string;
  /** Wire type of one value. */
  readonly wireType: 0 | 1 | 5;
  /** Reads a value and writes it at `offset`, little-endian. False for one that the type does not hold. */
  readonly copy: (reader: Reader, view: DataView, offset: number) => boolean;
  /** The values of a tensor as the encoder takes them; `view` is of its bytes. */
  readonly values: (view: DataView, count: number) => ArrayLike<unknown>;
}

const MAX_CONTENTS_FIELD = 8;

/** FP16 has no list: it is sent raw. */
const LISTS: Readonly<Record<Exclude<ElementType, 'float16'>, List>> = {
  bool: {
    field: 1,
    name: 'boolContents',
    label: 'bool_contents',
    wireType: 0,
    copy: (reader, view, offset) => {
      view.setUint8(offset, Number(reader.bool()));
      return true;
    },
    values: (view, count) => Array.from({ length: count }, (_, i) => view.getUint8(i) !== 0),
  },
  int8: int(1, 'setInt8', 'getInt8'),
  int16: int(2, 'setInt16', 'getInt16'),
  int32: int(4, 'setInt32', 'getInt32'),
  uint8: uint(1, 'setUint8', 'getUint8'),
  uint16: uint(2, 'setUint16', 'getUint16'),
  uint32: uint(4, 'setUint32', 'getUint32'),
  int64: { field: 3, name: 'int64Contents', label: 'int64_contents', ...long(false) },
  uint64: { field: 5, name: 'uint64Contents', label: 'uint64_contents', ...long(true) },
  float32: {
    field: 6,
    name: 'fp32Contents',
    label: 'fp32_contents',
    wireType: 5,
    copy: (reader, view, offset) => {
      view.setFloat32(offset, reader.float(), true);
      return true;
    },
    values: (view, count) => Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true)),
  },
  float64: {
    field: 7,
    name: 'fp64Contents',
    label: 'fp64_contents',
    wireType: 1,
    copy: (reader, view, offset) => {
      view.setFloat64(offset, reader.double(), true);
      return true;
    },
    values: (view, count) => Array.from({ length: count }, (_, i) => view.getFloat64(8 * i, true)),
  },
};

function int(
  bytes: number,
  set: 'setInt8' | 'setInt16' | 'setInt32',
  get: 'getInt8' | 'getInt16' | 'getInt32',
): List {
  return {
    field: 2,
    name: 'intContents',
    label: 'int_contents',
    wireType: 0,
    copy: (reader, view, offset) => {
      const value = reader.int32();
      view[set](offset, value, true);
      return view[get](offset, true) === value;
    },
    values: (view, count) => Array.from({ length: count }, (_, i) => view[get](bytes * i, true)),
  };
}

function uint(
  bytes: number,
  set: 'setUint8' | 'setUint16' | 'setUint32',
  get: 'getUint8' | 'getUint16' | 'getUint32',
): List {
  return {
    field: 4,
    name: 'uintContents',
    label: 'uint_contents',
    wireType: 0,
    copy: (reader, view, offset) => {
      const value = reader.uint32();
      view[set](offset, value, true);
      return view[get](offset, true) === value;
    },
    values: (view, count) => Array.from({ length: count }, (_, i) => view[get](bytes * i, true)),
  };
}

function long(unsigned: boolean): Pick<List, 'wireType' | 'copy' | 'values'> {
  return {
    wireType: 0,
    copy: (reader, view, offset) => {
      const value = unsigned ? reader.uint64() : reader.int64();
      view.setInt32(offset, value.low, true);
      view.setInt32(offset + 4, value.high, true);
      return true;
    },
    values: (view, count) =>
      Array.from({ length: count }, (_, i) => ({
        low: view.getInt32(8 * i, true),
        high: view.getInt32(8 * i + 4, true),
        unsigned,
      })),
  };
}

/**
 * The values of `InferTensorContents` as the bytes of a tensor, row-major and little-endian.
 * @param contents undecoded; several count as one.
 * @param tensor its type, and how many elements its shape has: memory is taken for no more.
 * @throws INVALID_ARGUMENT for another list than that of the type, another number of values, or one out of range.
 */
export function readContents(
  contents: readonly Uint8Array[],
  {
    type,
    elements,
    field,
  }: { readonly type: ElementType; readonly elements: number; readonly field: string },
): Uint8Array {
  if (type === 'float16') throw invalid(field, 'raw_input_contents for FP16', 'contents');
  const list = LISTS[type];
  const width = ELEMENT_BYTES[type];
  const bytes = new Uint8Array(Math.min(elements, mostValues(contents, list)) * width);
  const view = new DataView(bytes.buffer);
  let count = 0;
  const take = (reader: Reader): void => {
    if (count === elements) throw invalid(`${field}.${list.label}`, `${elements} values`, 'more');
    if (!list.copy(reader, view, count * width))
      throw invalid(`${field}.${list.label}[${count}]`, `a value of type ${type}`, 'one out of its range');
    count++;
  };
  for (const part of contents) readList(protobuf.Reader.create(part), { list, take, field });
  if (count < elements) throw invalid(`${field}.${list.label}`, `${elements} values`, `${count}`);
  return bytes;
}

/** No list has more values than this, whatever the shape says. */
function mostValues(contents: readonly Uint8Array[], { wireType }: List): number {
  const size = wireType === 0 ? 1 : wireType === 5 ? 4 : 8;
  return Math.floor(contents.reduce((sum, part) => sum + part.byteLength, 0) / size);
}

function readList(
  reader: Reader,
  {
    list,
    take,
    field,
  }: { readonly list: List; readonly take: (reader: Reader) => void; readonly field: string },
): void {
  const one = (list.field << 3) | list.wireType;
  const packed = (list.field << 3) | 2;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === packed) {
      const values = protobuf.Reader.create(reader.bytes());
      while (values.pos < values.len) take(values);
    } else if (tag === one) take(reader);
    else if (tag >>> 3 <= MAX_CONTENTS_FIELD)
      throw invalid(field, `values in ${list.label}`, 'values in another list');
    else reader.skipType(tag & 7);
  }
}

/** The bytes of a tensor in the list of its type; undefined for FP16, which has none. */
export function writeContents(type: ElementType, bytes: Uint8Array): InferTensorContentsMessage | undefined {
  if (type === 'float16') return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { name, values } = LISTS[type];
  return { [name]: values(view, bytes.byteLength / ELEMENT_BYTES[type]) };
}
