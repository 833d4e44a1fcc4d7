import { isDelimited } from './tags.js';

/** Groups within groups of unknown fields are followed so far. */
const MAX_DEPTH = 100;
/** Most numbers in all lists of a message: one is a byte on the wire and eight in memory. */
const MAX_LISTED = 2 ** 18;

/**
 * Reads the protobuf wire format. Of values it takes and refuses what protobufjs's reader takes and refuses, so that
 * this codec and the generated one agree; a test holds them together.
 */
export class WireReader {
  readonly #bytes: Buffer;
  #pos = 0;
  #end: number;
  /** Of the message that is being read. */
  #depth = 0;
  #listed = 0;

  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset, byteLength } = bytes;
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
    this.#end = byteLength;
  }

  /** Whether the message being read goes on. */
  get more(): boolean {
    return this.#pos < this.#end;
  }

  /** Enters the message that follows. @returns what {@link leave} needs. */
  enter(): number {
    const outer = this.#end;
    const length = this.#length();
    this.#end = this.#pos + length;
    this.#depth++;
    return outer;
  }

  /** Goes back to the message around the one that has been read. */
  leave(outer: number): void {
    this.#end = outer;
    this.#depth--;
  }

  uint32(): number {
    const first = this.#byte();
    if (first < 128) return first;
    let value = first & 127;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 127) << shift;
      if (byte < 128) return value >>> 0;
    }
    // A 64-bit varint, as negative numbers are written: ten bytes, of which the low 32 bits count.
    this.#advance(5);
    return value >>> 0;
  }

  /** Enumerations, too. */
  int32(): number {
    return this.uint32() | 0;
  }

  bool(): boolean {
    return this.uint32() !== 0;
  }

  float(): number {
    return this.#bytes.readFloatLE(this.#advance(4));
  }

  string(): string {
    const length = this.#length();
    const at = this.#advance(length);
    return this.#bytes.toString('utf8', at, at + length);
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const length = this.#length();
    const at = this.#advance(length);
    const { buffer, byteOffset } = this.#bytes;
    return new Uint8Array(buffer, byteOffset + at, length);
  }

  /** Appends one number, or with wire type 2 a packed list of them. */
  uint32s(tag: number, into: number[]): void {
    if (!isDelimited(tag)) {
      this.#list(into);
      return;
    }
    const outer = this.enter();
    while (this.more) this.#list(into);
    this.leave(outer);
  }

  #list(into: number[]): void {
    this.#listed += 1;
    if (this.#listed > MAX_LISTED) throw new RangeError(`more than ${MAX_LISTED} numbers in lists`);
    into.push(this.uint32());
  }

  /** Skips the value of a field that is not known. */
  skip(tag: number, depth = this.#depth): void {
    if (depth > MAX_DEPTH) throw new RangeError('groups are nested too deep');
    switch (tag & 7) {
      case 0:
        while (this.#byte() >= 128);
        return;
      case 1:
        this.#advance(8);
        return;
      case 2:
        this.#advance(this.#length());
        return;
      case 3:
        for (let inner = this.uint32(); (inner & 7) !== 4; inner = this.uint32()) this.skip(inner, depth + 1);
        return;
      case 5:
        this.#advance(4);
        return;
      default:
        throw new RangeError(`no wire type ${tag & 7}`);
    }
  }

  #byte(): number {
    if (this.#pos >= this.#end) throw truncated();
    return this.#bytes[this.#pos++]!;
  }

  #length(): number {
    const length = this.uint32();
    if (this.#pos + length > this.#end) throw truncated();
    return length;
  }

  /** @returns where the bytes passed over begin. */
  #advance(length: number): number {
    const at = this.#pos;
    if (at + length > this.#end) throw truncated();
    this.#pos = at + length;
    return at;
  }
}

function truncated(): RangeError {
  return new RangeError('the message ends within a value');
}

/** A message with every field, as it is filled while it is read. */
export type Filled<T> = { -readonly [K in keyof T]-?: Exclude<T[K], undefined> };

/** Reads the message that follows, merged into what came `before` of the same field. */
export function readMessage<T>(
  reader: WireReader,
  before: T | null,
  read: (reader: WireReader, before: T | null) => T,
): T {
  const outer = reader.enter();
  const message = read(reader, before);
  reader.leave(outer);
  return message;
}
