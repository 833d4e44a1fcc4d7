import { encodeFloat16 } from '../float16.js';
import type { LlrFormat } from './types.js';

/** LLRs of one grid in the form the client asked for. */
export interface FormattedLlr {
  /** `[G]` for `codeword`, `[Qm, nSym, nSc]` for `grid`. */
  readonly shape: readonly number[];
  /** Little-endian values of the requested datatype. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface LlrPlanes {
  /** `[Qm, nSym, nSc]` float32, ln P(b=0)/P(b=1). */
  readonly planes: Float32Array;
  /** `[nSym, nSc]`: 1 where the resource element carries data. */
  readonly dataMask: Uint8Array;
  readonly bitsPerSymbol: number;
  readonly nSym: number;
  readonly nSc: number;
}

/** Bytes of one LLR. */
export const LLR_BYTES = { f32: 4, f16: 2, i8: 1 } as const;

const I8_MAX = 127;
/** (2 − 2⁻²³)·2¹²⁷, the largest finite float32. */
export const FLOAT32_MAX = (2 - 2 ** -23) * 2 ** 127;
/** 1.5·2²³: adding and subtracting it in float32 rounds |x| < 2²² to the nearest integer, ties to even. */
const ROUNDING_SHIFT = 12_582_912;

/** Where in a larger buffer LLRs go; `byteOffset` is a multiple of 4. */
export interface LlrPlace {
  readonly buffer: ArrayBuffer;
  readonly byteOffset: number;
}

/** Bytes that {@link formatLlr} writes. */
export function formattedBytes(
  input: Pick<LlrPlanes, 'dataMask' | 'bitsPerSymbol'>,
  format: LlrFormat,
): number {
  const { dataMask, bitsPerSymbol } = input;
  const elements = format.layout === 'grid' ? dataMask.length : countData(dataMask);
  return elements * bitsPerSymbol * LLR_BYTES[format.datatype];
}

/**
 * Orders, signs, scales and converts the LLRs of one grid.
 *
 * `codeword`: data REs frequency first, then symbols (TS 38.211 §6.3.1.6, §7.3.1.5), b0…b(Qm−1) each.
 * `p1_over_p0` negates. A scale that takes LLRs beyond the datatype saturates them, since an infinity would
 * poison a decoder: `f32` at ±3.4028235e38, `f16` at ±65504, `i8` at ±127. `i8` rounds to nearest, ties to even
 * (so that both polarities are exact negatives).
 *
 * @param place in a buffer with room for {@link formattedBytes}; one of its own when left out.
 */
export function formatLlr(input: LlrPlanes, format: LlrFormat, place?: LlrPlace): FormattedLlr {
  const { bitsPerSymbol, nSym, nSc } = input;
  const byteLength = formattedBytes(input, format);
  const { buffer, byteOffset } = place ?? { buffer: new ArrayBuffer(byteLength), byteOffset: 0 };
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  const count = byteLength / LLR_BYTES[format.datatype];
  const values =
    format.datatype === 'f32' ? new Float32Array(buffer, byteOffset, count) : new Float32Array(count);
  const factor = format.polarity === 'p0_over_p1' ? format.scale : -format.scale;
  if (format.layout === 'grid') scaled(input.planes, factor, values);
  else codeword(input, factor, values);
  convert(values, format, bytes);
  return { shape: format.layout === 'grid' ? [bitsPerSymbol, nSym, nSc] : [count], bytes };
}

/**
 * LLRs of the data resource elements in the order of a codeword, of either sign, before the answer's scale.
 * @param answer of `formatLlr`: where it holds them as they are, they are a view of it.
 */
export function dataLlrs(input: LlrPlanes, format: LlrFormat, answer: FormattedLlr): Float32Array {
  const { datatype, layout, scale } = format;
  const { buffer, byteOffset, byteLength } = answer.bytes;
  if (datatype === 'f32' && layout === 'codeword' && scale === 1)
    return new Float32Array(buffer, byteOffset, byteLength / LLR_BYTES.f32);
  const values = new Float32Array(countData(input.dataMask) * input.bitsPerSymbol);
  codeword(input, 1, values);
  return values;
}

function countData(dataMask: Uint8Array): number {
  let count = 0;
  for (let re = 0; re < dataMask.length; re += 1) count += dataMask[re] === 0 ? 0 : 1;
  return count;
}

/** True when every value is finite. One pass without branches: `x − x` is 0 unless x is NaN or infinite. */
export function allFinite(values: Float32Array): boolean {
  let accumulator = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    accumulator += value - value;
  }
  return accumulator === 0;
}

function scaled(values: Float32Array, factor: number, out: Float32Array): void {
  for (let i = 0; i < out.length; i += 1) out[i] = (values[i] as number) * factor;
}

/** `out` `[G]`: data REs in ascending (symbol, subcarrier), all bits of one RE side by side. */
function codeword(input: LlrPlanes, factor: number, out: Float32Array): void {
  const { planes, dataMask, bitsPerSymbol } = input;
  const planeLength = input.nSym * input.nSc;
  let position = 0;
  for (let re = 0; re < planeLength; re += 1) {
    if (dataMask[re] === 0) continue;
    for (let bit = 0; bit < bitsPerSymbol; bit += 1) {
      out[position] = (planes[bit * planeLength + re] as number) * factor;
      position += 1;
    }
  }
}

/** @param bytes receives the values; those of `f32` are in it already. */
function convert(values: Float32Array, format: LlrFormat, bytes: Uint8Array<ArrayBuffer>): void {
  const { buffer, byteOffset } = bytes;
  switch (format.datatype) {
    case 'f32':
      // Only a factor above 1 takes a finite value beyond the largest.
      if (format.scale > 1) saturate(values);
      return;
    case 'f16':
      encodeFloat16(values, new Uint16Array(buffer, byteOffset, values.length));
      return;
    case 'i8': {
      const out = new Int8Array(buffer, byteOffset, values.length);
      for (let i = 0; i < out.length; i += 1) {
        const limited = Math.min(I8_MAX, Math.max(-I8_MAX, values[i] as number));
        out[i] = Math.fround(limited + ROUNDING_SHIFT) - ROUNDING_SHIFT;
      }
      return;
    }
    default:
      format.datatype satisfies never;
  }
}

function saturate(values: Float32Array): void {
  for (let i = 0; i < values.length; i += 1)
    values[i] = Math.min(FLOAT32_MAX, Math.max(-FLOAT32_MAX, values[i] as number));
}
