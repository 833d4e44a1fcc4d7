/** LMMSE combining of one layer, which is maximum-ratio combining, scaled to be unbiased. */
import { codewordOrder } from '../../nr/resource-map.js';
import type { ReceivedSlot } from '../slot.js';

export interface Equalised {
  /** `[2, n]` float32: unbiased symbols of the data REs in codeword order. */
  readonly symbols: Float32Array<ArrayBuffer>;
  /** `[n]` float32: variance of each symbol's complex noise. */
  readonly noiseVariance: Float32Array<ArrayBuffer>;
}

/** Gain below which an RE says nothing: its symbol is 0 with this reciprocal as noise variance. */
const MIN_GAIN = 1e-20;

/**
 * `x̂ = Σ_r h*_r y_r / Σ_r |h_r|²`, noise variance `(N0 + σ_e²) / Σ_r |h_r|²`. The LMMSE output divided by
 * its bias `g/(g + N0)` is the same. σ_e² counts the channel estimate's error as noise (unit-energy data).
 * @param channel `[2·nRx, nSym, nSc]`.
 * @param errorVariance `[nSym, nSc]` σ_e² per antenna; none for a known channel.
 */
export function combine(slot: ReceivedSlot, channel: Float32Array, errorVariance?: Float32Array): Equalised {
  const { nRx, nSym, nSc } = slot.shape;
  const plane = nSym * nSc;
  const order = codewordOrder(slot.dataMask);
  const n = order.length;
  const symbols = new Float32Array(2 * n);
  const noiseVariance = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const re = order[i] as number;
    let gain = 0;
    let sumRe = 0;
    let sumIm = 0;
    for (let r = re; r < 2 * nRx * plane; r += 2 * plane) {
      const hr = channel[r] as number;
      const hi = channel[r + plane] as number;
      const yr = slot.rxGrid[r] as number;
      const yi = slot.rxGrid[r + plane] as number;
      gain += hr * hr + hi * hi;
      sumRe += hr * yr + hi * yi;
      sumIm += hr * yi - hi * yr;
    }
    const erased = gain < MIN_GAIN;
    const noise = slot.noiseVariance + (errorVariance?.[re] ?? 0);
    symbols[i] = erased ? 0 : sumRe / gain;
    symbols[n + i] = erased ? 0 : sumIm / gain;
    noiseVariance[i] = erased ? 1 / MIN_GAIN : noise / gain;
  }
  return { symbols, noiseVariance };
}
