/** Transport-block size, TS 38.214 §5.1.3.2. */
import { invalid } from '../../errors.js';
import { bitsPerSymbol, type Modulation } from '../../nr/qam.js';
import { requireInteger, SUBCARRIERS_PER_RB } from '../../nr/shape.js';
import type { McsEntry } from './mcs.js';

/** Table 5.1.3.2-1: transport-block sizes up to 3824 bits. */
// biome-ignore format: a table
export const SMALL_SIZES: readonly number[] = [
  24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128, 136, 144, 152, 160, 168, 176, 184, 192, 208,
  224, 240, 256, 272, 288, 304, 320, 336, 352, 368, 384, 408, 432, 456, 480, 504, 528, 552, 576, 608, 640,
  672, 704, 736, 768, 808, 848, 888, 928, 984, 1032, 1064, 1128, 1160, 1192, 1224, 1256, 1288, 1320, 1352,
  1416, 1480, 1544, 1608, 1672, 1736, 1800, 1864, 1928, 2024, 2088, 2152, 2216, 2280, 2408, 2472, 2536, 2600,
  2664, 2728, 2792, 2856, 2976, 3104, 3240, 3368, 3496, 3624, 3752, 3824,
];

export interface AllocationSize {
  readonly nPrb: number;
  /** OFDM symbols of the allocation in the slot. */
  readonly nSymbols: number;
  /** N_DMRS^PRB: REs a PRB that DMRS takes, the CDM groups without data included. */
  readonly dmrsRePerPrb: number;
  /** N_oh^PRB (xOverhead): 0, 6, 12 or 18. Default 0. */
  readonly overheadRePerPrb?: number;
}

/** N_RE = min(156, 12·nSymbols − N_DMRS − N_oh)·nPrb: REs that the size is computed from (step 1). */
export function resourceElements(allocation: AllocationSize): number {
  const { nPrb, nSymbols, dmrsRePerPrb, overheadRePerPrb = 0 } = allocation;
  requireInteger('nPrb', nPrb, 1, 275);
  requireInteger('nSymbols', nSymbols, 1, 14);
  requireInteger('dmrsRePerPrb', dmrsRePerPrb, 0, SUBCARRIERS_PER_RB * nSymbols);
  requireInteger('overheadRePerPrb', overheadRePerPrb, 0, 18);
  return Math.min(156, SUBCARRIERS_PER_RB * nSymbols - dmrsRePerPrb - overheadRePerPrb) * nPrb;
}

/** Steps 3: N_info ≤ 3824. */
function smallSize(info: number): number {
  const step = 2 ** Math.max(3, Math.floor(Math.log2(info)) - 6);
  const quantised = Math.max(24, step * Math.floor(info / step));
  return SMALL_SIZES.find((size) => size >= quantised) ?? 3824;
}

/** Step 4: N_info > 3824. Ties round up. */
function largeSize(info: number, targetCodeRate: number): number {
  const step = 2 ** (Math.floor(Math.log2(info - 24)) - 5);
  const quantised = Math.max(3840, step * Math.round((info - 24) / step));
  let codeBlocks = 1;
  if (targetCodeRate <= 0.25) codeBlocks = Math.ceil((quantised + 24) / 3816);
  else if (quantised > 8424) codeBlocks = Math.ceil((quantised + 24) / 8424);
  return 8 * codeBlocks * Math.ceil((quantised + 24) / (8 * codeBlocks)) - 24;
}

/**
 * Transport-block size A in bits.
 * @param nRe N_RE of {@link resourceElements}, or the number of data REs.
 * @param layers υ, 1 … 4.
 */
export function transportBlockSize(nRe: number, mcs: McsEntry, layers = 1): number {
  requireInteger('nRe', nRe, 1, 156 * 275);
  requireInteger('layers', layers, 1, 4);
  const { modulation, targetCodeRate } = mcs;
  if (!(targetCodeRate > 0 && targetCodeRate < 1)) {
    throw invalid('targetCodeRate', 'a number between 0 and 1', String(targetCodeRate));
  }
  const info = nRe * targetCodeRate * bitsPerSymbol(modulation) * layers;
  return info <= 3824 ? smallSize(info) : largeSize(info, targetCodeRate);
}

/** n_PRB,LBRM for the resource blocks of the widest bandwidth part, TS 38.212 Table 5.4.2.1-1. */
const LBRM_PRBS = [32, 66, 107, 135, 162, 217, 273] as const;

export interface LimitedBuffer {
  /** Resource blocks of the widest bandwidth part. */
  readonly nPrb: number;
  /** Most layers of a transport block that the receiver supports, 1 … 4. */
  readonly layers: number;
  /** The highest modulation of the MCS table in use. */
  readonly modulation: Modulation;
}

/** TBS_LBRM, TS 38.212 §5.4.2.1: the largest transport block, at code rate 948/1024 on 156 REs a PRB. */
export function limitedBufferBits({ nPrb, layers, modulation }: LimitedBuffer): number {
  requireInteger('nPrb', nPrb, 1, 273);
  const counted = LBRM_PRBS.find((size) => size >= nPrb) ?? 273;
  return transportBlockSize(156 * counted, { modulation, targetCodeRate: 948 / 1024 }, layers);
}
