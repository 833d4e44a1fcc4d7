import { encodeFloat16 } from './float16.js';
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
/** 1.5·2²³: adding and subtracting it in float32 rounds |x| < 2²² to the nearest integer, ties to even. */
const ROUNDING_SHIFT = 12_582_912;

/**
 * Orders, signs, scales and converts the LLRs of one grid.
 *
 * `codeword`: data REs frequency first, then symbols (TS 38.211 §6.3.1.6, §7.3.1.5), b0…b(Qm−1) each.
 * `p1_over_p0` negates. `f16` saturates at ±65504; `i8` rounds to nearest, ties to even (so that both
 * polarities are exact negatives), and saturates at ±127.
 */
export function formatLlr(input: LlrPlanes, format: LlrFormat): FormattedLlr {
  const factor = format.polarity === 'p0_over_p1' ? format.scale : -format.scale;
  if (format.layout === 'grid') {
    const shape = [input.bitsPerSymbol, input.nSym, input.nSc];
    return { shape, bytes: convert(scaled(input.planes, factor), format) };
  }
  const values = codeword(input, factor);
  return { shape: [values.length], bytes: convert(values, format) };
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

function scaled(values: Float32Array, factor: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i += 1) out[i] = (values[i] as number) * factor;
  return out;
}

/** `[G]` float32: data REs in ascending (symbol, subcarrier), all bits of one RE side by side. */
function codeword(input: LlrPlanes, factor: number): Float32Array<ArrayBuffer> {
  const { planes, dataMask, bitsPerSymbol } = input;
  const planeLength = input.nSym * input.nSc;
  let dataElements = 0;
  for (let re = 0; re < planeLength; re += 1) dataElements += dataMask[re] === 0 ? 0 : 1;
  const out = new Float32Array(dataElements * bitsPerSymbol);
  let position = 0;
  for (let re = 0; re < planeLength; re += 1) {
    if (dataMask[re] === 0) continue;
    for (let bit = 0; bit < bitsPerSymbol; bit += 1) {
      out[position] = (planes[bit * planeLength + re] as number) * factor;
      position += 1;
    }
  }
  return out;
}

function convert(values: Float32Array<ArrayBuffer>, format: LlrFormat): Uint8Array<ArrayBuffer> {
  switch (format.datatype) {
    case 'f32':
      return new Uint8Array(values.buffer);
    case 'f16': {
      const halves = new Uint16Array(values.length);
      encodeFloat16(values, halves);
      return new Uint8Array(halves.buffer);
    }
    case 'i8': {
      const bytes = new Int8Array(values.length);
      for (let i = 0; i < bytes.length; i += 1) {
        const limited = Math.min(I8_MAX, Math.max(-I8_MAX, values[i] as number));
        bytes[i] = Math.fround(limited + ROUNDING_SHIFT) - ROUNDING_SHIFT;
      }
      return new Uint8Array(bytes.buffer);
    }
    default:
      return format.datatype satisfies never;
  }
}
