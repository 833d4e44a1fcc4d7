/**
 * Least-squares channel estimation at the pilots, linear interpolation in frequency, then linear in time
 * between the symbols with pilots and constant outside them.
 */
import { invalid } from '../../errors.js';
import type { ReceivedSlot } from '../slot.js';

/** What lies outside the outermost pilots of a symbol: the nearest pilot's value, or the line through two. */
export type EdgeRule = 'nearest' | 'linear';

export interface ChannelEstimate {
  /** `[2·nRx, nSym, nSc]` float32. */
  readonly channel: Float32Array<ArrayBuffer>;
  /** Variance of the estimate's error that the noise causes, per antenna, `[nSym, nSc]` float32. */
  readonly errorVariance: Float32Array<ArrayBuffer>;
}

/** A value at index `i` as `(1 − weight)·a[left] + weight·a[right]`. */
interface Interpolation {
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly weight: Float64Array;
}

/** Linear interpolation from the ascending positions `known` to 0 … n−1; left and right index `known`. */
function interpolation(known: readonly number[], n: number, edge: EdgeRule): Interpolation {
  const left = new Int32Array(n);
  const right = new Int32Array(n);
  const weight = new Float64Array(n);
  const last = known.length - 1;
  let i = 0;
  for (let x = 0; x < n; x++) {
    while (i < last - 1 && x >= (known[i + 1] as number)) i++;
    const j = Math.min(i + 1, last);
    const a = known[i] as number;
    const b = known[j] as number;
    const w = j === i ? 0 : (x - a) / (b - a);
    left[x] = i;
    right[x] = j;
    weight[x] = edge === 'linear' ? w : Math.min(1, Math.max(0, w));
  }
  return { left, right, weight };
}

/** Subcarriers with pilots in each symbol that has any. */
function pilotRows(slot: ReceivedSlot): { readonly symbol: number; readonly subcarriers: number[] }[] {
  const { nSym, nSc } = slot.shape;
  const plane = nSym * nSc;
  const rows: { symbol: number; subcarriers: number[] }[] = [];
  for (let symbol = 0; symbol < nSym; symbol++) {
    const subcarriers: number[] = [];
    for (let sc = 0; sc < nSc; sc++) {
      const re = symbol * nSc + sc;
      if (slot.dmrs[re] !== 0 || slot.dmrs[plane + re] !== 0) subcarriers.push(sc);
    }
    if (subcarriers.length > 0) rows.push({ symbol, subcarriers });
  }
  if (rows.length === 0) throw invalid('dmrs', 'at least one pilot', 'none');
  return rows;
}

/**
 * LS estimates of one symbol, interpolated over all subcarriers into `rows[r]` of each plane r of
 * `[2·nRx + 1, nSc]`: the channel's planes, then the error variance.
 */
function estimateRow(
  slot: ReceivedSlot,
  symbol: number,
  known: readonly number[],
  edge: EdgeRule,
): Float64Array {
  const { nRx, nSym, nSc } = slot.shape;
  const plane = nSym * nSc;
  const n = known.length;
  const { left, right, weight } = interpolation(known, nSc, edge);
  const out = new Float64Array((2 * nRx + 1) * nSc);
  const pilotRe = known.map((sc) => slot.dmrs[symbol * nSc + sc] as number);
  const pilotIm = known.map((sc) => slot.dmrs[plane + symbol * nSc + sc] as number);
  const energy = pilotRe.map((re, i) => re * re + (pilotIm[i] as number) ** 2);
  const ls = new Float64Array(2 * n);
  for (let rx = 0; rx < nRx; rx++) {
    for (let i = 0; i < n; i++) {
      const re = 2 * rx * plane + symbol * nSc + (known[i] as number);
      const yr = slot.rxGrid[re] as number;
      const yi = slot.rxGrid[re + plane] as number;
      const pr = pilotRe[i] as number;
      const pi = pilotIm[i] as number;
      ls[i] = (yr * pr + yi * pi) / (energy[i] as number);
      ls[n + i] = (yi * pr - yr * pi) / (energy[i] as number);
    }
    for (let sc = 0; sc < nSc; sc++) {
      const a = left[sc] as number;
      const b = right[sc] as number;
      const w = weight[sc] as number;
      out[2 * rx * nSc + sc] = (1 - w) * (ls[a] as number) + w * (ls[b] as number);
      out[(2 * rx + 1) * nSc + sc] = (1 - w) * (ls[n + a] as number) + w * (ls[n + b] as number);
    }
  }
  for (let sc = 0; sc < nSc; sc++) {
    const w = weight[sc] as number;
    const a = energy[left[sc] as number] as number;
    const b = energy[right[sc] as number] as number;
    out[2 * nRx * nSc + sc] = slot.noiseVariance * ((1 - w) ** 2 / a + w ** 2 / b);
  }
  return out;
}

/**
 * @param slot received grid, pilots, noise variance.
 * @param edge rule for subcarriers outside the outermost pilots. Default `nearest`: half a pilot spacing
 * away, the slope of two noisy pilots costs more than it brings.
 */
export function lsChannel(slot: ReceivedSlot, edge: EdgeRule = 'nearest'): ChannelEstimate {
  const { nRx, nSym, nSc } = slot.shape;
  const plane = nSym * nSc;
  const pilots = pilotRows(slot);
  const rows = pilots.map(({ symbol, subcarriers }) => estimateRow(slot, symbol, subcarriers, edge));
  const time = interpolation(
    pilots.map(({ symbol }) => symbol),
    nSym,
    'nearest',
  );
  const channel = new Float32Array(2 * nRx * plane);
  const errorVariance = new Float32Array(plane);
  for (let symbol = 0; symbol < nSym; symbol++) {
    const a = rows[time.left[symbol] as number] as Float64Array;
    const b = rows[time.right[symbol] as number] as Float64Array;
    const w = time.weight[symbol] as number;
    for (let r = 0; r < 2 * nRx; r++) {
      const row = r * plane + symbol * nSc;
      for (let sc = 0; sc < nSc; sc++) {
        channel[row + sc] = (1 - w) * (a[r * nSc + sc] as number) + w * (b[r * nSc + sc] as number);
      }
    }
    const e = 2 * nRx * nSc;
    for (let sc = 0; sc < nSc; sc++) {
      errorVariance[symbol * nSc + sc] =
        (1 - w) ** 2 * (a[e + sc] as number) + w ** 2 * (b[e + sc] as number);
    }
  }
  return { channel, errorVariance };
}
