import { delimited, fixed32, varint } from './tags.js';

/**
 * Where the fields of a message go. A message is described once, as calls to a sink, and that twice: to
 * {@link Sizer}, which adds up its length, and to {@link Writer}, which fills a buffer of just that length. Fields
 * without presence are left out where they have their default, as proto3 has it. Field numbers are below 16.
 */
export interface Sink {
  uint32(field: number, value: number | undefined): void;
  /** Enumerations, too. */
  int32(field: number, value: number | undefined): void;
  bool(field: number, value: boolean | undefined): void;
  float(field: number, value: number | undefined): void;
  optionalUint32(field: number, value: number | null | undefined): void;
  optionalFloat(field: number, value: number | null | undefined): void;
  string(field: number, value: string | undefined): void;
  bytes(field: number, value: Uint8Array | undefined): void;
  /** Packed. */
  uint32s(field: number, values: readonly number[] | undefined): void;
  /** A message, whose fields follow up to {@link end}. */
  begin(field: number): void;
  end(): void;
  /** A float that is filled in once the rest has been written. */
  stamp(field: number): void;
}

function varintSize(value: number): number {
  const bits = 32 - Math.clz32(value | 1);
  return Math.ceil(bits / 7);
}

function packedSize(values: readonly number[]): number {
  let size = 0;
  for (let i = 0; i < values.length; i++) size += varintSize(values[i]!);
  return size;
}

/** Whether a float without presence is written: −0 is not the default. */
function isSet(value: number | undefined): value is number {
  return value !== undefined && !Object.is(value, 0);
}

export class Sizer implements Sink {
  /** Lengths of the messages within, in the order of their beginnings. */
  readonly lengths: number[] = [];
  length = 0;
  /** Of the messages begun and not ended: index in `lengths` and the length before them. */
  readonly #open: number[] = [];

  uint32(_field: number, value: number | undefined): void {
    if (value) this.length += 1 + varintSize(value);
  }

  int32(_field: number, value: number | undefined): void {
    if (value) this.length += value < 0 ? 11 : 1 + varintSize(value);
  }

  bool(_field: number, value: boolean | undefined): void {
    if (value) this.length += 2;
  }

  float(_field: number, value: number | undefined): void {
    if (isSet(value)) this.length += 5;
  }

  optionalUint32(_field: number, value: number | null | undefined): void {
    if (typeof value === 'number') this.length += 1 + varintSize(value);
  }

  optionalFloat(_field: number, value: number | null | undefined): void {
    if (typeof value === 'number') this.length += 5;
  }

  string(_field: number, value: string | undefined): void {
    if (value) this.#delimited(Buffer.byteLength(value));
  }

  bytes(_field: number, value: Uint8Array | undefined): void {
    if (value && value.byteLength > 0) this.#delimited(value.byteLength);
  }

  uint32s(_field: number, values: readonly number[] | undefined): void {
    if (values && values.length > 0) this.#delimited(packedSize(values));
  }

  begin(_field: number): void {
    this.#open.push(this.lengths.push(0) - 1, this.length);
  }

  end(): void {
    const before = this.#open.pop()!;
    const length = this.length - before;
    this.lengths[this.#open.pop()!] = length;
    this.length = before;
    this.#delimited(length);
  }

  stamp(_field: number): void {
    this.length += 5;
  }

  #delimited(length: number): void {
    this.length += 1 + varintSize(length) + length;
  }
}

export class Writer implements Sink {
  readonly buffer: Buffer<ArrayBuffer>;
  readonly #lengths: readonly number[];
  #next = 0;
  #pos = 0;
  readonly #stamps: number[] = [];

  constructor({ length, lengths }: Sizer) {
    this.buffer = Buffer.allocUnsafe(length);
    this.#lengths = lengths;
  }

  uint32(field: number, value: number | undefined): void {
    if (value) this.optionalUint32(field, value);
  }

  int32(field: number, value: number | undefined): void {
    if (!value) return;
    this.#tag(varint(field));
    if (value >= 0) this.#varint(value);
    else this.#negative(value);
  }

  bool(field: number, value: boolean | undefined): void {
    if (value) this.optionalUint32(field, 1);
  }

  float(field: number, value: number | undefined): void {
    if (isSet(value)) this.optionalFloat(field, value);
  }

  optionalUint32(field: number, value: number | null | undefined): void {
    if (typeof value !== 'number') return;
    this.#tag(varint(field));
    this.#varint(value);
  }

  optionalFloat(field: number, value: number | null | undefined): void {
    if (typeof value !== 'number') return;
    this.#tag(fixed32(field));
    this.#pos = this.buffer.writeFloatLE(value, this.#pos);
  }

  string(field: number, value: string | undefined): void {
    if (!value) return;
    this.#tag(delimited(field));
    this.#varint(Buffer.byteLength(value));
    this.#pos += this.buffer.write(value, this.#pos, 'utf8');
  }

  bytes(field: number, value: Uint8Array | undefined): void {
    if (!value || value.byteLength === 0) return;
    this.#tag(delimited(field));
    this.#varint(value.byteLength);
    this.buffer.set(value, this.#pos);
    this.#pos += value.byteLength;
  }

  uint32s(field: number, values: readonly number[] | undefined): void {
    if (!values || values.length === 0) return;
    this.#tag(delimited(field));
    this.#varint(packedSize(values));
    for (let i = 0; i < values.length; i++) this.#varint(values[i]!);
  }

  begin(field: number): void {
    this.#tag(delimited(field));
    this.#varint(this.#lengths[this.#next++]!);
  }

  end(): void {}

  stamp(field: number): void {
    this.#tag(fixed32(field));
    this.#stamps.push(this.#pos);
    this.#pos += 4;
  }

  /** Fills the floats that were left open. */
  fill(value: number): void {
    for (const at of this.#stamps) this.buffer.writeFloatLE(value, at);
  }

  /** One byte, as all fields are below 16. */
  #tag(tag: number): void {
    this.buffer[this.#pos++] = tag;
  }

  #varint(value: number): void {
    let rest = value >>> 0;
    while (rest >= 128) {
      this.buffer[this.#pos++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.buffer[this.#pos++] = rest;
  }

  /** Ten bytes, as of the 64 bits of the number. */
  #negative(value: number): void {
    for (let i = 0; i < 4; i++) this.buffer[this.#pos++] = ((value >> (7 * i)) & 127) | 128;
    this.buffer[this.#pos++] = ((value >> 28) & 127) | 128;
    for (let i = 0; i < 4; i++) this.buffer[this.#pos++] = 255;
    this.buffer[this.#pos++] = 1;
  }
}
