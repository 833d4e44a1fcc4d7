/** Samples of a recording: `[nSym, nSc, nRx]` I, Q; channels (antennas) interleaved as SigMF has it. */
import { encodeFloat16 } from '../../float16.js';
import { deinterleave, IQ_BYTES, type IqDatatype } from '../../iq.js';

export interface SampleFormat {
  readonly datatype: IqDatatype;
  /** Samples are multiplied by it when they are read. */
  readonly scale: number;
  readonly shape: { readonly nRx: number; readonly nSym: number; readonly nSc: number };
}

const INT16_MAX = 32_767;

/** Bytes of one slot. */
export function slotBytes({ datatype, shape }: Pick<SampleFormat, 'datatype' | 'shape'>): number {
  return shape.nRx * shape.nSym * shape.nSc * IQ_BYTES[datatype];
}

/**
 * @param bytes of one slot.
 * @returns `[2·nRx, nSym, nSc]` float32: re, im of antenna 0, re, im of antenna 1, …
 * @throws INVALID_ARGUMENT for NaN and infinities.
 */
export function decodeSamples(
  bytes: Uint8Array,
  { datatype, scale, shape }: SampleFormat,
): Float32Array<ArrayBuffer> {
  const { nRx, nSym, nSc } = shape;
  const plane = nSym * nSc;
  const split = new Float32Array(2 * nRx * plane);
  deinterleave({ datatype, bytes, planes: 1, planeSize: nRx * plane, scale }, split, 'samples');
  const grid = new Float32Array(split.length);
  for (let part = 0; part < 2; part++)
    for (let rx = 0; rx < nRx; rx++)
      for (let re = 0; re < plane; re++)
        grid[(2 * rx + part) * plane + re] = split[(part * plane + re) * nRx + rx] as number;
  return grid;
}

/**
 * The reverse of {@link decodeSamples}; `ci16_le` rounds and saturates.
 * @param grid `[2·nRx, nSym, nSc]`.
 */
export function encodeSamples(
  grid: Float32Array,
  { datatype, scale, shape }: SampleFormat,
): Uint8Array<ArrayBuffer> {
  const { nRx, nSym, nSc } = shape;
  const plane = nSym * nSc;
  const values = new Float32Array(grid.length);
  for (let re = 0; re < plane; re++)
    for (let rx = 0; rx < nRx; rx++)
      for (let part = 0; part < 2; part++)
        values[2 * (re * nRx + rx) + part] = (grid[(2 * rx + part) * plane + re] as number) / scale;
  return encoded(values, datatype);
}

function encoded(values: Float32Array<ArrayBuffer>, datatype: IqDatatype): Uint8Array<ArrayBuffer> {
  switch (datatype) {
    case 'cf32_le':
      return new Uint8Array(values.buffer);
    case 'ci16_le': {
      const limited = (value: number) => Math.min(INT16_MAX, Math.max(-INT16_MAX, Math.round(value)));
      return new Uint8Array(Int16Array.from(values, limited).buffer);
    }
    case 'cf16_le': {
      const halves = new Uint16Array(values.length);
      encodeFloat16(values, halves);
      return new Uint8Array(halves.buffer);
    }
    default:
      return datatype satisfies never;
  }
}

/** The scale with which the strongest of these grids fills an int16; 1 for floating-point datatypes. */
export function scaleFor(grids: readonly Float32Array[], datatype: IqDatatype): number {
  if (datatype !== 'ci16_le') return 1;
  const peak = grids.reduce(
    (most, grid) => grid.reduce((peakSoFar, value) => Math.max(peakSoFar, Math.abs(value)), most),
    0,
  );
  return peak === 0 ? 1 : peak / INT16_MAX;
}
