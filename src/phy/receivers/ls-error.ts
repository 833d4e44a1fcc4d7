/** The error of an interpolated channel that is there without noise too. */
import { type ChannelStatistics, frequencyCorrelation } from '../channel-statistics.js';
import type { Interpolation } from './interpolation.js';
import type { LsRow } from './ls-channel.js';

export interface InterpolatedChannel {
  readonly rows: readonly LsRow[];
  /** Of the rows, over all symbols. */
  readonly time: Interpolation;
  readonly statistics: ChannelStatistics;
  readonly nSc: number;
}

/** A pilot that takes part in one estimate. */
interface Term {
  symbol: number;
  sc: number;
  weight: number;
}

/**
 * Adds `E|Σ w_i h_i − h|² = 1 − 2·Σ w_i R(i, x) + Σ w_i w_j R(i, j)` for the up to four pilots i that the
 * estimate at x is made of. Weights are real, so imaginary parts of the covariance R cancel.
 * @param errorVariance `[nSym, nSc]`, in place.
 */
export function addInterpolationError(errorVariance: Float32Array, estimate: InterpolatedChannel): void {
  const { rows, time, nSc } = estimate;
  const covariance = realCovariance(estimate.statistics, nSc);
  const terms = Array.from({ length: 4 }, (): Term => ({ symbol: 0, sc: 0, weight: 0 }));
  for (let re = 0; re < errorVariance.length; re++) {
    const [symbol, sc] = [Math.floor(re / nSc), re % nSc];
    const w = time.weight[symbol] as number;
    setTerms(terms, 0, rows[time.left[symbol] as number] as LsRow, sc, 1 - w);
    setTerms(terms, 2, rows[time.right[symbol] as number] as LsRow, sc, w);
    let error = 1;
    for (const a of terms) {
      if (a.weight === 0) continue;
      error -= 2 * a.weight * covariance(a.symbol - symbol, a.sc - sc);
      for (const b of terms) {
        if (b.weight !== 0) error += a.weight * b.weight * covariance(a.symbol - b.symbol, a.sc - b.sc);
      }
    }
    errorVariance[re] = (errorVariance[re] as number) + Math.max(0, error);
  }
}

function setTerms(terms: readonly Term[], at: number, row: LsRow, sc: number, share: number): void {
  const { pilots, frequency } = row;
  const w = frequency.weight[sc] as number;
  const [left, right] = [terms[at] as Term, terms[at + 1] as Term];
  left.symbol = pilots.symbol;
  right.symbol = pilots.symbol;
  left.sc = pilots.subcarriers[frequency.left[sc] as number] as number;
  right.sc = pilots.subcarriers[frequency.right[sc] as number] as number;
  left.weight = share * (1 - w);
  right.weight = share * w;
}

/** Real part of the covariance of two gains so many symbols and subcarriers apart. */
function realCovariance(
  statistics: ChannelStatistics,
  nSc: number,
): (symbols: number, subcarriers: number) => number {
  const { timeCorrelation, lineOfSight } = statistics;
  const frequency = frequencyCorrelation(statistics, nSc);
  const direct = timeCorrelation.map(
    (_, lag) => lineOfSight.power * Math.cos(lineOfSight.dopplerPhase * lag),
  );
  return (symbols, subcarriers) => {
    const lag = Math.abs(symbols);
    const scattered = (timeCorrelation[lag] as number) * (frequency[Math.abs(subcarriers)] as number);
    return scattered + (direct[lag] as number);
  };
}
