import { invalid } from './errors.js';
import { decodeFloat16 } from './float16.js';

/** SigMF names (cf16_le is ours): interleaved I, Q, little-endian. */
export const IQ_DATATYPE_NAMES = ['cf32_le', 'ci16_le', 'cf16_le'] as const;
export type IqDatatype = (typeof IQ_DATATYPE_NAMES)[number];

/** Bytes of one complex sample. */
export const IQ_BYTES = { cf32_le: 8, ci16_le: 4, cf16_le: 4 } as const satisfies Record<IqDatatype, number>;

/** Full scale of int16 becomes ±1. */
export const DEFAULT_SCALE = {
  cf32_le: 1,
  ci16_le: 1 / 32768,
  cf16_le: 1,
} as const satisfies Record<IqDatatype, number>;

export interface IqSamples {
  readonly datatype: IqDatatype;
  /** Exactly planes · planeSize samples, at any alignment. */
  readonly bytes: Uint8Array;
  /** Antennas, or 1 for pilots. */
  readonly planes: number;
  /** nSym · nSc. */
  readonly planeSize: number;
  readonly scale: number;
}

let halves: Float32Array | undefined;

/** Value of every binary16 pattern, 256 KiB, made on first use. */
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => decodeFloat16(bits));
  return halves;
}

/**
 * Wire samples `[planes, planeSize]` interleaved to the model's `[2·planes, planeSize]` float32: re, im of
 * plane 0, re, im of plane 1, …. Typed arrays read in the machine's byte order, which is little-endian on
 * every platform that ONNX Runtime for Node is built for.
 * @param out `[2·planes, planeSize]`, written in full.
 * @param field path of the data in the request, for the error.
 * @returns mean power of a complex sample, E|x|².
 * @throws INVALID_ARGUMENT that gives the index of the first NaN or infinity.
 */
export function deinterleave(samples: IqSamples, out: Float32Array, field: string): number {
  const { planes, planeSize } = samples;
  const energy = split(samples, out);
  // The energy of finite float32 samples is finite in float64, so the one sum tells without a branch for each.
  if (!Number.isFinite(energy)) throw notFinite(out, planes, planeSize, field);
  return energy / (planes * planeSize);
}

/** @returns Σ|x|², NaN or infinite unless all samples are finite. */
function split(samples: IqSamples, out: Float32Array): number {
  const { datatype, bytes, planes, planeSize, scale } = samples;
  const values = 2 * planes * planeSize;
  switch (datatype) {
    case 'cf32_le': {
      const { buffer, offset } = aligned(bytes, 4);
      return splitNumbers(new Float32Array(buffer, offset, values), out, planeSize, scale);
    }
    case 'ci16_le': {
      const { buffer, offset } = aligned(bytes, 2);
      return splitNumbers(new Int16Array(buffer, offset, values), out, planeSize, scale);
    }
    case 'cf16_le': {
      const { buffer, offset } = aligned(bytes, 2);
      return splitHalves(new Uint16Array(buffer, offset, values), out, planeSize, scale);
    }
    default:
      return datatype satisfies never;
  }
}

let scratch = new Uint8Array(0);

/**
 * Bytes of a protobuf or HTTP body start anywhere; a typed array must start at a multiple of its width. The
 * copy goes to one reused buffer, as large as the widest grid so far and valid until the next call, which
 * spares the garbage collector of the main thread a buffer for each tensor.
 */
function aligned(bytes: Uint8Array, width: number): { buffer: ArrayBufferLike; offset: number } {
  if (bytes.byteOffset % width === 0) return { buffer: bytes.buffer, offset: bytes.byteOffset };
  if (scratch.byteLength < bytes.byteLength) scratch = new Uint8Array(bytes.byteLength);
  scratch.set(bytes);
  return { buffer: scratch.buffer, offset: 0 };
}

function splitNumbers(
  source: Float32Array | Int16Array,
  out: Float32Array,
  planeSize: number,
  scale: number,
): number {
  let energy = 0;
  for (let base = 0; base < out.length; base += 2 * planeSize) {
    const quadrature = base + planeSize;
    for (let i = 0, s = base; i < planeSize; i++, s += 2) {
      const re = Math.fround(source[s]! * scale);
      const im = Math.fround(source[s + 1]! * scale);
      out[base + i] = re;
      out[quadrature + i] = im;
      energy += re * re + im * im;
    }
  }
  return energy;
}

function splitHalves(source: Uint16Array, out: Float32Array, planeSize: number, scale: number): number {
  const table = halfTable();
  let energy = 0;
  for (let base = 0; base < out.length; base += 2 * planeSize) {
    const quadrature = base + planeSize;
    for (let i = 0, s = base; i < planeSize; i++, s += 2) {
      const re = Math.fround(table[source[s]!]! * scale);
      const im = Math.fround(table[source[s + 1]!]! * scale);
      out[base + i] = re;
      out[quadrature + i] = im;
      energy += re * re + im * im;
    }
  }
  return energy;
}

function notFinite(out: Float32Array, planes: number, planeSize: number, field: string): Error {
  for (let sample = 0; sample < planes * planeSize; sample++) {
    const at = 2 * planeSize * Math.floor(sample / planeSize) + (sample % planeSize);
    for (const [part, value] of [
      ['I', out[at]!],
      ['Q', out[at + planeSize]!],
    ] as const)
      if (!Number.isFinite(value))
        return invalid(
          field,
          'finite samples',
          `${Number.isNaN(value) ? 'NaN' : 'Inf'} in ${part} of sample ${sample}`,
        );
  }
  return invalid(field, 'finite samples', 'NaN or Inf');
}
