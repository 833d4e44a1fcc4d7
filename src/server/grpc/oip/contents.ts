import protobuf from 'protobufjs';
import { ELEMENT_BYTES, type ElementType } from '../../../engine/elements.js';
import { invalid } from '../../../errors.js';
import type { InferTensorContentsMessage } from '../../../wire/inference/messages.js';

type Reader = protobuf.Reader;
/** The elements of a tensor, by index. */
type Elements = { [index: number]: number | bigint } & { readonly buffer: ArrayBufferLike };

/** How the values of a type travel in `InferTensorContents`. */
interface List {
  /** Number and name of the list in the message. */
  readonly field: number;
  readonly name: keyof InferTensorContentsMessage;
  readonly label: string;
  /** Wire type of one value; those that are not varints (0) are packed as their bytes are in memory. */
  readonly wireType: 0 | 1 | 5;
  readonly elements: new (lengthOrBuffer: number | ArrayBufferLike) => Elements;
  readonly read: (reader: Reader) => number | bigint;
}

const MAX_CONTENTS_FIELD = 8;

const INT = {
  field: 2,
  name: 'intContents',
  label: 'int_contents',
  wireType: 0,
  read: (reader: Reader) => reader.int32(),
} as const;
const UINT = {
  field: 4,
  name: 'uintContents',
  label: 'uint_contents',
  wireType: 0,
  read: (reader: Reader) => reader.uint32(),
} as const;

/** FP16 has no list: it is sent raw. */
const LISTS = {
  bool: {
    field: 1,
    name: 'boolContents',
    label: 'bool_contents',
    wireType: 0,
    elements: Uint8Array,
    read: (reader) => Number(reader.bool()),
  },
  int8: { ...INT, elements: Int8Array },
  int16: { ...INT, elements: Int16Array },
  int32: { ...INT, elements: Int32Array },
  uint8: { ...UINT, elements: Uint8Array },
  uint16: { ...UINT, elements: Uint16Array },
  uint32: { ...UINT, elements: Uint32Array },
  int64: {
    field: 3,
    name: 'int64Contents',
    label: 'int64_contents',
    wireType: 0,
    elements: BigInt64Array,
    read: (reader) => bigint(reader.int64()),
  },
  uint64: {
    field: 5,
    name: 'uint64Contents',
    label: 'uint64_contents',
    wireType: 0,
    elements: BigUint64Array,
    read: (reader) => bigint(reader.uint64()),
  },
  float32: {
    field: 6,
    name: 'fp32Contents',
    label: 'fp32_contents',
    wireType: 5,
    elements: Float32Array,
    read: (reader) => reader.float(),
  },
  float64: {
    field: 7,
    name: 'fp64Contents',
    label: 'fp64_contents',
    wireType: 1,
    elements: Float64Array,
    read: (reader) => reader.double(),
  },
} as const satisfies Record<Exclude<ElementType, 'float16'>, List>;

function bigint({ low, high, unsigned }: protobuf.Long): bigint {
  const bits = (BigInt(high) << 32n) | BigInt(low >>> 0);
  return unsigned ? BigInt.asUintN(64, bits) : bits;
}

/**
 * The values of `InferTensorContents` as the bytes of a tensor, row-major and little-endian.
 * @param contents undecoded; several count as one.
 * @param tensor its type, and how many elements its shape has: memory is taken for no more.
 * @throws INVALID_ARGUMENT for another list than that of the type, another number of values, or one out of range.
 */
export function readContents(
  contents: readonly Uint8Array[],
  tensor: { readonly type: ElementType; readonly elements: number; readonly field: string },
): Uint8Array {
  const { type, elements, field } = tensor;
  if (type === 'float16') throw invalid(field, 'raw_input_contents for FP16', 'contents');
  const reading = new ContentsReader(LISTS[type], {
    type,
    elements,
    field,
    most: mostValues(contents, type),
  });
  for (const part of contents) reading.take(protobuf.Reader.create(part));
  return reading.bytes();
}

/** No list has more values than this, whatever the shape says. */
function mostValues(contents: readonly Uint8Array[], type: Exclude<ElementType, 'float16'>): number {
  const bytes = contents.reduce((sum, part) => sum + part.byteLength, 0);
  return LISTS[type].wireType === 0 ? bytes : Math.floor(bytes / ELEMENT_BYTES[type]);
}

class ContentsReader {
  readonly #values: Elements;
  readonly #field: string;
  #count = 0;

  constructor(
    private readonly list: List,
    private readonly tensor: {
      readonly type: ElementType;
      readonly elements: number;
      readonly field: string;
      readonly most: number;
    },
  ) {
    this.#values = new list.elements(Math.min(tensor.elements, tensor.most));
    this.#field = `${tensor.field}.${list.label}`;
  }

  take(reader: Reader): void {
    const { field, wireType, label } = this.list;
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === ((field << 3) | 2)) this.#takePacked(reader.bytes());
      else if (tag === ((field << 3) | wireType)) this.#takeOne(reader);
      else if (tag >>> 3 <= MAX_CONTENTS_FIELD)
        throw invalid(this.tensor.field, `values in ${label}`, 'values in another list');
      else reader.skipType(tag & 7);
    }
  }

  bytes(): Uint8Array {
    const { elements } = this.tensor;
    if (this.#count < elements) throw invalid(this.#field, `${elements} values`, `${this.#count}`);
    return new Uint8Array(this.#values.buffer);
  }

  #takePacked(bytes: Uint8Array): void {
    if (this.list.wireType !== 0) {
      this.#copy(bytes);
      return;
    }
    const reader = protobuf.Reader.create(bytes);
    while (reader.pos < reader.len) this.#takeOne(reader);
  }

  #copy(bytes: Uint8Array): void {
    const width = ELEMENT_BYTES[this.tensor.type];
    const count = bytes.byteLength / width;
    if (!Number.isInteger(count)) throw invalid(this.#field, 'whole values', 'a part of one');
    if (this.#count + count > this.tensor.elements) throw this.#tooMany();
    new Uint8Array(this.#values.buffer).set(bytes, this.#count * width);
    this.#count += count;
  }

  #takeOne(reader: Reader): void {
    if (this.#count === this.tensor.elements) throw this.#tooMany();
    const value = this.list.read(reader);
    this.#values[this.#count] = value;
    if (!Object.is(this.#values[this.#count], value))
      throw invalid(
        `${this.#field}[${this.#count}]`,
        `a value of type ${this.tensor.type}`,
        'one out of its range',
      );
    this.#count++;
  }

  #tooMany() {
    return invalid(this.#field, `${this.tensor.elements} values`, 'more');
  }
}

/** The bytes of a tensor in the list of its type; undefined for FP16, which has none. */
export function writeContents(type: ElementType, bytes: Uint8Array): InferTensorContentsMessage | undefined {
  if (type === 'float16') return undefined;
  const { name, elements } = LISTS[type];
  // Aligned, which a view of a batch need not be.
  const values: ArrayLike<number | bigint> = new elements(bytes.slice().buffer);
  return { [name]: typeof values[0] === 'bigint' ? Array.from(values, long) : values };
}

/** As the encoder takes 64-bit numbers. */
function long(value: number | bigint) {
  const bits = BigInt(value);
  return { low: Number(BigInt.asIntN(32, bits)), high: Number(bits >> 32n), unsigned: false };
}
