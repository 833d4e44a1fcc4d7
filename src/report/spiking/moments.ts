/** Moments of many values, and where to look at them. */
import { sortedSample } from '../limits.js';

export interface MeanAndVariance {
  readonly mean: number;
  /** Of the whole population: divided by the count. */
  readonly variance: number;
}

/** In two passes, so that a large mean costs no digits. @returns zeros when there is no value */
export function meanAndVariance(values: ArrayLike<number>): MeanAndVariance {
  const count = Math.max(1, values.length);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += ((values[i] as number) - mean) ** 2;
  return { mean, variance: squares / count };
}

/** The same of each channel. @param values `[C, …]` */
export function momentsByChannel(values: Float32Array, channels: number): MeanAndVariance[] {
  const plane = values.length / channels;
  return Array.from({ length: channels }, (_, c) =>
    meanAndVariance(values.subarray(c * plane, (c + 1) * plane)),
  );
}

/** Ends of bins of equal width. */
export interface Bins {
  readonly min: number;
  readonly max: number;
  readonly bins: number;
}

/**
 * Bins over the values but for the outermost ones.
 * @param trim share of the values that may lie beyond the bins at each end
 */
export function binsFor(values: readonly Float32Array[], bins: number, trim = 0.001): Bins {
  const sorted = sortedSample(values);
  const beyond = Math.floor(trim * sorted.length);
  const [min, max] = [sorted[beyond] ?? 0, sorted[sorted.length - 1 - beyond] ?? 0];
  return max > min ? { min, max, bins } : { min: min - 0.5, max: min + 0.5, bins };
}
