/** Two sets of LLRs of the same bits, side by side. */
import { invalid } from '../errors.js';

/** Bins of LLR/RMS: 16 from −4 to 4; what lies beyond counts in the outermost. */
export const HISTOGRAM_BINS = 16;
const FIRST_EDGE = -4;
const BIN_WIDTH = 0.5;

export interface LlrSummary {
  readonly rms: number;
  /** `[16]` LLRs with LLR/RMS from −4 + i/2 on. */
  readonly histogram: readonly number[];
}

export interface LlrComparison {
  /** Share of the LLRs with the same sign, of those where neither is 0. */
  readonly sameSign: number;
  /** LLRs where one of the two is 0. */
  readonly zeros: number;
  /** The factor s that makes `theirs ≈ s·ours` best in the least-squares sense; 0 when ours are all 0. */
  readonly scale: number;
  /** Pearson's; 0 when one of the two does not vary. */
  readonly correlation: number;
}

/** Lower edge of a bin, in RMS. */
export function binEdge(bin: number): number {
  return FIRST_EDGE + bin * BIN_WIDTH;
}

export function summarise(llrs: Float32Array): LlrSummary {
  let energy = 0;
  for (const llr of llrs) energy += llr * llr;
  const rms = Math.sqrt(energy / llrs.length);
  const histogram = Array.from({ length: HISTOGRAM_BINS }, () => 0);
  for (const llr of llrs) {
    const bin = Math.floor(((rms === 0 ? 0 : llr / rms) - FIRST_EDGE) / BIN_WIDTH);
    const within = Math.min(HISTOGRAM_BINS - 1, Math.max(0, bin));
    histogram[within] = (histogram[within] as number) + 1;
  }
  return { rms, histogram };
}

export function compareLlrs(ours: Float32Array, theirs: Float32Array): LlrComparison {
  const n = ours.length;
  if (theirs.length !== n) throw invalid('theirs', `${n} LLRs`, `${theirs.length} LLRs`);
  const sums = { ours: 0, theirs: 0, ours2: 0, theirs2: 0, both: 0 };
  let zeros = 0;
  let same = 0;
  for (let i = 0; i < n; i++) {
    const a = ours[i] as number;
    const b = theirs[i] as number;
    sums.ours += a;
    sums.theirs += b;
    sums.ours2 += a * a;
    sums.theirs2 += b * b;
    sums.both += a * b;
    if (a === 0 || b === 0) zeros++;
    else if (a > 0 === b > 0) same++;
  }
  const covariance = sums.both - (sums.ours * sums.theirs) / n;
  const spread = Math.sqrt((sums.ours2 - sums.ours ** 2 / n) * (sums.theirs2 - sums.theirs ** 2 / n));
  return {
    sameSign: zeros === n ? 0 : same / (n - zeros),
    zeros,
    scale: sums.ours2 === 0 ? 0 : sums.both / sums.ours2,
    correlation: spread > 0 ? covariance / spread : 0,
  };
}
