/** The factor that LLRs should be multiplied by: 1 when they are calibrated. */
import { HISTOGRAM, type Tally } from './tally.js';

/** Factors tried: 1/16 … 16. */
const LOG_RANGE = Math.log(16);
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** ln(1 + e^x) without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** Σ log2(1 + exp(−s(1 − 2b)·LLR)), each LLR at the middle of its bin of the histogram. */
function lossAtScale({ right, wrong, beyond }: Tally, scale: number): number {
  let loss = 0;
  for (let bin = 0; bin < HISTOGRAM.bins; bin++) {
    const [r, w] = [right[bin] as number, wrong[bin] as number];
    if (r + w === 0) continue;
    const x = scale * (bin + 0.5) * HISTOGRAM.width;
    loss += r * softplus(-x) + w * softplus(x);
  }
  const [r, w] = [right[HISTOGRAM.bins] as number, wrong[HISTOGRAM.bins] as number];
  if (r > 0) loss += r * softplus((-scale * (beyond[0] as number)) / r);
  if (w > 0) loss += w * softplus((scale * (beyond[1] as number)) / w);
  return loss / Math.LN2;
}

/**
 * The factor with the least loss, and by how much the total loss falls below that of factor 1. The loss is
 * convex in the factor, so golden-section search finds it.
 */
export function bestLlrScale(tally: Tally): { readonly scale: number; readonly lossSaved: number } {
  const loss = (logScale: number) => lossAtScale(tally, Math.exp(logScale));
  let low = -LOG_RANGE;
  let high = LOG_RANGE;
  let [a, b] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [lossA, lossB] = [loss(a), loss(b)];
  while (high - low > 1e-3) {
    if (lossA <= lossB) {
      [high, b, lossB] = [b, a, lossA];
      a = high - GOLDEN * (high - low);
      lossA = loss(a);
    } else {
      [low, a, lossA] = [a, b, lossB];
      b = low + GOLDEN * (high - low);
      lossB = loss(b);
    }
  }
  const best = (low + high) / 2;
  return { scale: Math.exp(best), lossSaved: Math.max(0, lossAtScale(tally, 1) - loss(best)) };
}
