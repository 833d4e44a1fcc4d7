/** The latest grid as numbers, out of the service's answer. */
import type { LatestRequest } from '../../wire/latest.js';

export interface LatestGrid {
  readonly shape: { readonly nRx: number; readonly nSym: number; readonly nSc: number };
  readonly bitsPerSymbol: number;
  /** `[2·nRx, nSym, nSc]`: re, im of antenna 0, re, im of antenna 1, … */
  readonly rxGrid: Float32Array<ArrayBuffer>;
  /** `[bitsPerSymbol, nSym, nSc]`: ln P(b=0)/P(b=1), NaN where there is no data. */
  readonly llr: Float32Array<ArrayBuffer>;
}

export function decodeLatest({ shape, rx, llr, dataMask }: LatestRequest): LatestGrid {
  const { bitsPerSymbol, ...grid } = shape;
  const mask = bytesOf(dataMask);
  const values = floatsOf(llr);
  for (let i = 0; i < values.length; i++) if (mask[i % mask.length] === 0) values[i] = Number.NaN;
  return { shape: grid, bitsPerSymbol, rxGrid: floatsOf(rx), llr: values };
}

/** LLRs of one bit over the grid, `[nSym, nSc]`. */
export function bitPlane({ llr, shape }: LatestGrid, bit: number): Float32Array<ArrayBuffer> {
  const plane = shape.nSym * shape.nSc;
  return llr.subarray(bit * plane, (bit + 1) * plane);
}

/** LLRs of the data alone. */
export function dataLlrs({ llr }: LatestGrid): Float32Array<ArrayBuffer> {
  return llr.filter((value) => !Number.isNaN(value));
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Little-endian on the wire, as on every machine that shows a page. */
function floatsOf(base64: string): Float32Array<ArrayBuffer> {
  return new Float32Array(bytesOf(base64).buffer);
}
