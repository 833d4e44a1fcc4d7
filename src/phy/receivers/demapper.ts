/**
 * Soft demapping of Gray QAM on unbiased symbols in complex Gaussian noise. The axes are independent:
 * even bits lie on the real axis, odd bits on the imaginary one.
 */
import { invalid } from '../../errors.js';
import { bitsPerSymbol, type Modulation, pamLevels } from '../../nr/qam.js';
import type { Equalised } from './combine.js';

/** `exact`: log-MAP, `ln Σ exp`. `max-log`: the largest term of each sum. */
export type DemapMethod = 'exact' | 'max-log';

/** Ratio of likelihoods below which a plain sum has lost precision. */
const TINY = 1e-280;

/** `ln Σ exp(metrics[l])`, or the largest metric, over the levels whose index has `value` at bit `shift`. */
function subsetMetric(metrics: Float64Array, shift: number, value: number, exact: boolean): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let l = 0; l < metrics.length; l++) {
    if (((l >> shift) & 1) === value && (metrics[l] as number) > best) best = metrics[l] as number;
  }
  if (!exact) return best;
  let sum = 0;
  for (let l = 0; l < metrics.length; l++) {
    if (((l >> shift) & 1) === value) sum += Math.exp((metrics[l] as number) - best);
  }
  return best + Math.log(sum);
}

function maxLogLlr(metrics: Float64Array, shift: number): number {
  return subsetMetric(metrics, shift, 0, false) - subsetMetric(metrics, shift, 1, false);
}

/** @param likelihoods `exp(metric − best)` of each level. */
function exactLlr(metrics: Float64Array, likelihoods: Float64Array, shift: number): number {
  let zero = 0;
  let one = 0;
  for (let l = 0; l < likelihoods.length; l++) {
    if (((l >> shift) & 1) === 0) zero += likelihoods[l] as number;
    else one += likelihoods[l] as number;
  }
  if (zero > TINY && one > TINY) return Math.log(zero / one);
  return subsetMetric(metrics, shift, 0, true) - subsetMetric(metrics, shift, 1, true);
}

/** Writes the LLRs of one axis at `y` to `out[at]`, `out[at + 2]`, …; `variance` is N0 (N0/2 an axis). */
type AxisDemapper = (y: number, variance: number, out: Float32Array, at: number) => void;

function axisDemapper(levels: Float64Array, exact: boolean): AxisDemapper {
  const count = levels.length;
  const bits = 31 - Math.clz32(count);
  const metrics = new Float64Array(count);
  const likelihoods = new Float64Array(count);
  return (y, variance, out, at) => {
    let best = Number.NEGATIVE_INFINITY;
    for (let l = 0; l < count; l++) {
      const distance = y - (levels[l] as number);
      const metric = (-distance * distance) / variance;
      metrics[l] = metric;
      if (metric > best) best = metric;
    }
    if (exact) for (let l = 0; l < count; l++) likelihoods[l] = Math.exp((metrics[l] as number) - best);
    for (let b = 0; b < bits; b++) {
      const shift = bits - 1 - b;
      out[at + 2 * b] = exact ? exactLlr(metrics, likelihoods, shift) : maxLogLlr(metrics, shift);
    }
  };
}

/** QPSK: `(−(y − a)² + (y + a)²)/N0 = 4ay/N0`, exact and max-log at once. */
function demapQpsk(y: number, variance: number, out: Float32Array, at: number): void {
  out[at] = (4 * Math.SQRT1_2 * y) / variance;
}

/**
 * @returns LLRs `ln P(b=0)/P(b=1)`, `[n·Qm]` float32, b0 … b(Qm−1) of each symbol.
 */
export function demap(
  equalised: Equalised,
  modulation: Modulation,
  method: DemapMethod = 'exact',
): Float32Array<ArrayBuffer> {
  const { symbols, noiseVariance } = equalised;
  const n = noiseVariance.length;
  if (symbols.length !== 2 * n) throw invalid('symbols', `2 x ${n} values`, `${symbols.length} values`);
  const qm = bitsPerSymbol(modulation);
  const llrs = new Float32Array(n * qm);
  const demapAxis =
    modulation === 'QPSK' ? demapQpsk : axisDemapper(pamLevels(modulation), method === 'exact');
  for (let i = 0; i < n; i++) {
    const variance = noiseVariance[i] as number;
    demapAxis(symbols[i] as number, variance, llrs, i * qm);
    demapAxis(symbols[n + i] as number, variance, llrs, i * qm + 1);
  }
  return llrs;
}
