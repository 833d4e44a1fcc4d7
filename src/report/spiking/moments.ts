/** Moments and histograms of many values. */

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

/** Bins of equal width. */
export interface Bins {
  readonly from: number;
  readonly width: number;
  readonly count: number;
}

/**
 * Bins over the values but for the outermost ones.
 * @param trim share of the values that may lie beyond the bins at each end
 */
export function binsFor(values: readonly Float32Array[], count: number, trim = 0.001): Bins {
  const total = values.reduce((sum, { length }) => sum + length, 0);
  const sorted = new Float32Array(total);
  let offset = 0;
  for (const part of values) {
    sorted.set(part, offset);
    offset += part.length;
  }
  sorted.sort();
  const beyond = Math.floor(trim * total);
  const [from, to] = [sorted[beyond] ?? 0, sorted[total - 1 - beyond] ?? 0];
  return to > from
    ? { from, width: (to - from) / count, count }
    : { from: from - 0.5, width: 1 / count, count };
}

/**
 * Density of the values: share of a bin over its width, so that histograms over all values enclose an area of 1.
 * Values beyond the bins count in the total only.
 */
export function histogramDensity(values: ArrayLike<number>, { from, width, count }: Bins): number[] {
  const found = Array.from({ length: count }, () => 0);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    // The last bin holds its upper edge.
    const bin = value === from + width * count ? count - 1 : Math.floor((value - from) / width);
    if (bin >= 0 && bin < count) found[bin] = (found[bin] as number) + 1;
  }
  return found.map((many) => (values.length === 0 ? 0 : many / (values.length * width)));
}
