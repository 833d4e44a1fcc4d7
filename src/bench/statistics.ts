/** Ascending copy. */
function sorted(values: readonly number[]): Float64Array {
  return Float64Array.from(values).sort();
}

/**
 * The q-quantile by nearest rank: the smallest value that at least a share `q` of all values do not exceed.
 * @param q 0 … 1
 * @returns NaN when there are no values
 */
export function quantile(values: readonly number[], q: number): number {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`q: expected 0 to 1, received ${q}`);
  const ascending = sorted(values);
  const rank = Math.max(1, Math.ceil(q * ascending.length));
  return ascending[rank - 1] ?? Number.NaN;
}

/** The middle value, or the mean of the two middle ones; NaN when there are none. */
export function median(values: readonly number[]): number {
  const ascending = sorted(values);
  const middle = ascending.length / 2;
  if (ascending.length % 2 === 1) return ascending[Math.floor(middle)] as number;
  return ((ascending[middle - 1] ?? Number.NaN) + (ascending[middle] ?? Number.NaN)) / 2;
}

/** NaN when there are no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
