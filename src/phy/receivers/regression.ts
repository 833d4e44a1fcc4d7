/** What an interpolated channel estimate says of the channel, where the statistics of both are known. */
import { type ChannelStatistics, channelCovariance, type CovarianceAt } from '../channel-statistics.js';
import type { Interpolation } from './interpolation.js';
import type { ChannelEstimate, LsRow } from './ls-channel.js';

export interface InterpolatedChannel {
  readonly rows: readonly LsRow[];
  /** Of the rows, over all symbols. */
  readonly time: Interpolation;
  readonly statistics: ChannelStatistics;
  readonly nRx: number;
  readonly nSc: number;
}

/** A pilot that takes part in one estimate. */
interface Term {
  symbol: number;
  sc: number;
  weight: number;
}

/**
 * Replaces each estimate ĥ by the best linear estimate of h from it, `ĥ·E[hĥ*]/E|ĥ|²`, and its error variance,
 * the noise's part before, by `E|h|² − |E[hĥ*]|²/E|ĥ|²`. An interpolated estimate is larger than what it says
 * of the channel; one who takes it at its word is too sure, whatever noise he adds. With ĥ the sum of up to
 * four pilots, `E[hĥ*] = Σ w_i·R(x, i)` and `E|ĥ|² = Σ w_i·w_j·R(i, j) + noise`.
 * @param estimate in place.
 */
export function regress(estimate: ChannelEstimate, interpolated: InterpolatedChannel): void {
  const { rows, time, statistics, nRx, nSc } = interpolated;
  const { channel, errorVariance } = estimate;
  const plane = errorVariance.length;
  const covariance = channelCovariance(statistics, nSc);
  const terms = Array.from({ length: 4 }, (): Term => ({ symbol: 0, sc: 0, weight: 0 }));
  for (let re = 0; re < plane; re++) {
    const [symbol, sc] = [Math.floor(re / nSc), re % nSc];
    const w = time.weight[symbol] as number;
    setTerms(terms, 0, rows[time.left[symbol] as number] as LsRow, sc, 1 - w);
    setTerms(terms, 2, rows[time.right[symbol] as number] as LsRow, sc, w);
    const power = estimatePower(terms, covariance) + (errorVariance[re] as number);
    const [cr, ci] = crossCovariance(terms, symbol, sc, covariance);
    errorVariance[re] = Math.max(0, 1 - (cr * cr + ci * ci) / power);
    for (let rx = 0; rx < nRx; rx++) {
      const at = 2 * rx * plane + re;
      const [hr, hi] = [channel[at] as number, channel[at + plane] as number];
      channel[at] = (cr * hr - ci * hi) / power;
      channel[at + plane] = (cr * hi + ci * hr) / power;
    }
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

/** `Σ w_i·w_j·R(i, j)`; weights are real, so that imaginary parts cancel. */
function estimatePower(terms: readonly Term[], covariance: CovarianceAt): number {
  let power = 0;
  for (const a of terms) {
    for (const b of terms) {
      if (a.weight !== 0 && b.weight !== 0)
        power += a.weight * b.weight * covariance.re(a.symbol - b.symbol, a.sc - b.sc);
    }
  }
  return power;
}

/** `Σ w_i·R(x, i)` with x at `symbol` and `sc`. */
function crossCovariance(
  terms: readonly Term[],
  symbol: number,
  sc: number,
  covariance: CovarianceAt,
): [re: number, im: number] {
  let [re, im] = [0, 0];
  for (const { weight, symbol: s, sc: k } of terms) {
    if (weight === 0) continue;
    re += weight * covariance.re(symbol - s, sc - k);
    im += weight * covariance.im(symbol - s, sc - k);
  }
  return [re, im];
}
