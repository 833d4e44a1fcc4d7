/** Recovers tap gains at known delays from a frequency response: least squares over all subcarriers. */

/** Complex numbers as [re, im]. */
export type Complex = readonly [number, number];

export function multiply(a: Complex, b: Complex): Complex {
  return [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]];
}

function at<T>(list: readonly T[], i: number): T {
  const value = list[i];
  if (value === undefined) throw new Error(`no element ${i}`);
  return value;
}

/** Inverse of a complex matrix by Gauss-Jordan elimination with pivoting. */
export function invert(matrix: readonly (readonly Complex[])[]): Complex[][] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [
    ...row,
    ...Array.from({ length: n }, (_, j): Complex => [i === j ? 1 : 0, 0]),
  ]);
  const size = (c: Complex): number => c[0] * c[0] + c[1] * c[1];
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (size(at(at(rows, i), k)) > size(at(at(rows, best), k))) best = i;
    const pivotRow = at(rows, best);
    rows[best] = at(rows, k);
    const p = at(pivotRow, k);
    const inverse: Complex = [p[0] / size(p), -p[1] / size(p)];
    const scaled = pivotRow.map((c) => multiply(c, inverse));
    rows[k] = scaled;
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = at(at(rows, i), k);
      rows[i] = at(rows, i).map((c, j) => {
        const product = multiply(factor, at(scaled, j));
        return [c[0] - product[0], c[1] - product[1]];
      });
    }
  }
  return rows.map((row) => row.slice(n));
}

export interface TapEstimator {
  /** Distinct delays, in ascending order. */
  readonly delays: readonly number[];
  /** Gains `[2, taps]` of a response whose planes are `re` and `im`, `[nSc]` each. */
  gains(re: Float32Array, im: Float32Array): Float64Array;
}

/** @param delays in units of 1/spacing: the response at subcarrier k is `Σ g·e^{−j2πkτ}`. */
export function tapEstimator(delays: readonly number[], nSc: number): TapEstimator {
  const distinct = [...new Set(delays)].toSorted((a, b) => a - b);
  const n = distinct.length;
  const cos = distinct.map((d) =>
    Float64Array.from({ length: nSc }, (_, k) => Math.cos(2 * Math.PI * k * d)),
  );
  const sin = distinct.map((d) =>
    Float64Array.from({ length: nSc }, (_, k) => Math.sin(2 * Math.PI * k * d)),
  );
  const correlate = (re: ArrayLike<number>, im: ArrayLike<number>, tap: number): Complex => {
    const c = at(cos, tap);
    const s = at(sin, tap);
    let x = 0;
    let y = 0;
    for (let k = 0; k < nSc; k++) {
      x += (re[k] ?? 0) * (c[k] as number) - (im[k] ?? 0) * (s[k] as number);
      y += (re[k] ?? 0) * (s[k] as number) + (im[k] ?? 0) * (c[k] as number);
    }
    return [x, y];
  };
  const gram = distinct.map((_, i) =>
    distinct.map(
      (__, j): Complex =>
        correlate(
          at(cos, j),
          at(sin, j).map((s) => -s),
          i,
        ),
    ),
  );
  const inverse = invert(gram);
  return {
    delays: distinct,
    gains(re, im) {
      const right = distinct.map((_, tap) => correlate(re, im, tap));
      const out = new Float64Array(2 * n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          const product = multiply(at(at(inverse, i), j), at(right, j));
          out[i] = (out[i] ?? 0) + product[0];
          out[n + i] = (out[n + i] ?? 0) + product[1];
        }
      }
      return out;
    },
  };
}
