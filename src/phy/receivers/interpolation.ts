/** What lies outside the outermost known positions: the nearest one's value, or the line through two. */
export type EdgeRule = 'nearest' | 'linear';

/** A value at index `i` as `(1 − weight)·a[left] + weight·a[right]`. */
export interface Interpolation {
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly weight: Float64Array;
}

/** Linear interpolation from the ascending positions `known` to 0 … n−1; left and right index `known`. */
export function interpolation(known: readonly number[], n: number, edge: EdgeRule): Interpolation {
  const left = new Int32Array(n);
  const right = new Int32Array(n);
  const weight = new Float64Array(n);
  const last = known.length - 1;
  let i = 0;
  for (let x = 0; x < n; x++) {
    while (i < last - 1 && x >= (known[i + 1] as number)) i++;
    const j = Math.min(i + 1, last);
    const a = known[i] as number;
    const b = known[j] as number;
    const w = j === i ? 0 : (x - a) / (b - a);
    left[x] = i;
    right[x] = j;
    weight[x] = edge === 'linear' ? w : Math.min(1, Math.max(0, w));
  }
  return { left, right, weight };
}
