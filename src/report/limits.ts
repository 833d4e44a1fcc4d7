/** How far the colours and axes of a figure go. */

/** More values than these are looked at in equal distances: it makes no difference to the eye. */
const ENOUGH = 250_000;

/** Some of the values, ascending; those that are no number are left out. */
export function sortedSample(values: readonly Float32Array[]): Float32Array {
  const total = values.reduce((sum, { length }) => sum + length, 0);
  const stride = Math.max(1, Math.ceil(total / ENOUGH));
  const sample: number[] = [];
  for (const part of values)
    for (let i = 0; i < part.length; i += stride)
      if (Number.isFinite(part[i])) sample.push(part[i] as number);
  return Float32Array.from(sample).sort();
}

/** The value that a share of the magnitudes does not exceed. */
export function magnitudeQuantile(values: readonly Float32Array[], share: number): number {
  const magnitudes = sortedSample(values).map(Math.abs).sort();
  return magnitudes[Math.min(magnitudes.length - 1, Math.floor(share * magnitudes.length))] ?? 0;
}

/** The next of 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20 … at or above. */
export function niceLimit(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(Math.max(value, 1e-6)));
  return decade * ([1, 1.5, 2, 3, 4, 5, 6, 8].find((step) => step * decade >= value * 0.999) ?? 10);
}
