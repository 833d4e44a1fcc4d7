/** `fullgrid.bin` of an OAI bundle: one antenna's slot after the FFT, all of its bins, as int16. */
import { invalid } from '../../errors.js';
import { SUBCARRIERS_PER_RB } from '../../nr/shape.js';
import type { DumpFiles } from '../files.js';
import { inFile } from '../in-file.js';

export const GRID_FILE = 'fullgrid.bin';

/** Fields of the header, a uint16 each, in their order. */
const HEADER = [
  'frame',
  'slot',
  'start_symbol',
  'n_sym',
  'first_sc',
  'used_sc',
  'number_symbols',
  'G',
] as const;

/** `first_sc` is what OAI writes, (N − used_sc)/2: not the first carrier, see {@link carrierIndex}. */
export type GridHeader = Readonly<Record<(typeof HEADER)[number], number>>;

const HEADER_BYTES = 2 * HEADER.length;
const MOST_FFT = 8192;
const MOST_BYTES = HEADER_BYTES + 14 * MOST_FFT * 4;

export interface FullGrid {
  readonly header: GridHeader;
  /** N: bins of a symbol. */
  readonly fftSize: number;
  /** `[n_sym, N, 2]` I, Q; bin 0 is the centre of the carrier. */
  readonly samples: Int16Array<ArrayBuffer>;
}

/** FFT sizes in use: 2ⁿ and, at three quarters of the sampling rate, 3·2ⁿ. */
function isFftSize(n: number): boolean {
  const odd = n / (n & -n);
  return n >= 128 && n <= MOST_FFT && (odd === 1 || odd === 3);
}

/**
 * The bin of a subcarrier: `(N − used/2 + sc) mod N`, the lower half of the carrier at the end of the spectrum.
 * @param sc from the lowest frequency of the carrier, 0 … used−1.
 */
export function carrierIndex(fftSize: number, usedSubcarriers: number, sc: number): number {
  return (fftSize - usedSubcarriers / 2 + sc) % fftSize;
}

/** @throws INVALID_ARGUMENT that names the file and the field. */
export function readFullGrid(files: DumpFiles): FullGrid {
  const bytes = files.read(GRID_FILE, MOST_BYTES);
  return inFile(files.pathOf(GRID_FILE), () => parseFullGrid(bytes));
}

function parseFullGrid(bytes: Uint8Array<ArrayBuffer>): FullGrid {
  if (bytes.length < HEADER_BYTES)
    throw invalid('header', `${HEADER_BYTES} bytes`, `a file of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = Object.fromEntries(
    HEADER.map((name, i) => [name, view.getUint16(2 * i, true)]),
  ) as GridHeader;
  const { n_sym: nSym, used_sc: used } = header;
  if (nSym !== 14 && nSym !== 12) throw invalid('header n_sym', '14, or 12', String(nSym));
  const fftSize = (bytes.length - HEADER_BYTES) / (4 * nSym);
  if (!isFftSize(fftSize)) {
    const sizes = `${HEADER_BYTES} + ${nSym} x N x 4 bytes with N = 2^n or 3 x 2^n from 128 to ${MOST_FFT}`;
    throw invalid('size', sizes, `${bytes.length} bytes`);
  }
  if (used === 0 || used % SUBCARRIERS_PER_RB !== 0 || used > Math.min(fftSize, 275 * SUBCARRIERS_PER_RB)) {
    const most = Math.min(fftSize, 275 * SUBCARRIERS_PER_RB);
    throw invalid('header used_sc', `a multiple of ${SUBCARRIERS_PER_RB} from 12 to ${most}`, String(used));
  }
  const samples = new Int16Array(2 * nSym * fftSize);
  for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(HEADER_BYTES + 2 * i, true);
  return { header, fftSize, samples };
}

/** The bytes of the file. */
export function formatFullGrid({ header, samples }: FullGrid): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + 2 * samples.length);
  const view = new DataView(bytes.buffer);
  HEADER.forEach((name, i) => view.setUint16(2 * i, header[name], true));
  samples.forEach((value, i) => view.setInt16(HEADER_BYTES + 2 * i, value, true));
  return bytes;
}

/** Part of a full grid: symbols `startSymbol` …, resource blocks `startRb` … of the carrier. */
export interface Allocation {
  readonly startSymbol: number;
  readonly nSym: number;
  readonly startRb: number;
  readonly nPrb: number;
}

/** Calls `visit(re, sample)` for every RE of the allocation: indices into `[nSym, nSc]` and `[n_sym, N]`. */
export function forEachRe(
  { header, fftSize }: Pick<FullGrid, 'header' | 'fftSize'>,
  { startSymbol, nSym, startRb, nPrb }: Allocation,
  visit: (re: number, sample: number) => void,
): void {
  const nSc = nPrb * SUBCARRIERS_PER_RB;
  const first = startRb * SUBCARRIERS_PER_RB;
  for (let symbol = 0; symbol < nSym; symbol++)
    for (let sc = 0; sc < nSc; sc++) {
      const bin = carrierIndex(fftSize, header.used_sc, first + sc);
      visit(symbol * nSc + sc, (startSymbol + symbol) * fftSize + bin);
    }
}

/** The allocation's samples, `[2, nSym, nSc]` float32 (re plane, im plane), in units of the int16. */
export function extractAllocation(grid: FullGrid, allocation: Allocation): Float32Array<ArrayBuffer> {
  const plane = allocation.nSym * allocation.nPrb * SUBCARRIERS_PER_RB;
  const out = new Float32Array(2 * plane);
  forEachRe(grid, allocation, (re, sample) => {
    out[re] = grid.samples[2 * sample] as number;
    out[plane + re] = grid.samples[2 * sample + 1] as number;
  });
  return out;
}
