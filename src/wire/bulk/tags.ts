/** Tags of fields: number and wire type. */
const VARINT = 0;
const DELIMITED = 2;
const FIXED32 = 5;

export function varint(field: number): number {
  return (field << 3) | VARINT;
}

/** Texts, bytes, messages and packed lists. */
export function delimited(field: number): number {
  return (field << 3) | DELIMITED;
}

export function fixed32(field: number): number {
  return (field << 3) | FIXED32;
}

export function isVarint(tag: number): boolean {
  return (tag & 7) === VARINT;
}

export function isDelimited(tag: number): boolean {
  return (tag & 7) === DELIMITED;
}

/** Whether it is a list of numbers, packed or one of them. */
export function isList(tag: number, field: number): boolean {
  return tag === delimited(field) || tag === varint(field);
}
