/** Linear algebra of small matrices, row by row in Float64Arrays. */
import { SpikingRxError } from '../../errors.js';

/** Complex values, real and imaginary parts apart. */
export interface Complex64 {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

export function complexZeros(n: number): Complex64 {
  return { re: new Float64Array(n), im: new Float64Array(n) };
}

/**
 * Cholesky factor of a Hermitian positive definite matrix `[n, n]`, in place: its lower triangle becomes L of
 * `A = L·L^H`; what is above the diagonal is neither read nor written.
 * @throws INTERNAL when the matrix is not positive definite.
 */
export function choleskyInPlace({ re, im }: Complex64, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sr = re[i * n + j] as number;
      let si = im[i * n + j] as number;
      for (let k = 0; k < j; k++) {
        const [ar, ai] = [re[i * n + k] as number, im[i * n + k] as number];
        const [br, bi] = [re[j * n + k] as number, im[j * n + k] as number];
        sr -= ar * br + ai * bi;
        si -= ai * br - ar * bi;
      }
      if (i === j) {
        if (!(sr > 0)) throw new SpikingRxError('INTERNAL', 'a covariance is not positive definite');
        re[i * n + i] = Math.sqrt(sr);
        im[i * n + i] = 0;
      } else {
        const pivot = re[j * n + j] as number;
        re[i * n + j] = sr / pivot;
        im[i * n + j] = si / pivot;
      }
    }
  }
}

/** `x ← L⁻¹x` for the lower triangle L of {@link choleskyInPlace}, x `[n]`. */
export function solveLower(l: Complex64, x: Complex64, n: number): void {
  for (let i = 0; i < n; i++) {
    let sr = x.re[i] as number;
    let si = x.im[i] as number;
    for (let k = 0; k < i; k++) {
      const [ar, ai] = [l.re[i * n + k] as number, l.im[i * n + k] as number];
      const [xr, xi] = [x.re[k] as number, x.im[k] as number];
      sr -= ar * xr - ai * xi;
      si -= ar * xi + ai * xr;
    }
    const pivot = l.re[i * n + i] as number;
    x.re[i] = sr / pivot;
    x.im[i] = si / pivot;
  }
}

/** `x ← L⁻ᴴx`. */
export function solveUpper(l: Complex64, x: Complex64, n: number): void {
  for (let i = n - 1; i >= 0; i--) {
    let sr = x.re[i] as number;
    let si = x.im[i] as number;
    for (let k = i + 1; k < n; k++) {
      const [ar, ai] = [l.re[k * n + i] as number, -(l.im[k * n + i] as number)];
      const [xr, xi] = [x.re[k] as number, x.im[k] as number];
      sr -= ar * xr - ai * xi;
      si -= ar * xi + ai * xr;
    }
    const pivot = l.re[i * n + i] as number;
    x.re[i] = sr / pivot;
    x.im[i] = si / pivot;
  }
}

export interface Eigen {
  /** `[n]`, in no order. */
  readonly values: Float64Array;
  /** `[n, n]`: column m belongs to value m. */
  readonly vectors: Float64Array;
}

/** Eigenvalues and orthonormal eigenvectors of a real symmetric matrix `[n, n]`: Jacobi's cyclic rotations. */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const a = Float64Array.from(matrix);
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  const scale = matrix.reduce((sum, x) => sum + x * x, 0);
  // It converges quadratically: a handful of sweeps.
  for (let sweep = 0; sweep < 30 && offDiagonal(a, n) > 1e-32 * scale; sweep++) {
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q);
  }
  return { values: Float64Array.from({ length: n }, (_, i) => a[i * n + i] as number), vectors: v };
}

function offDiagonal(a: Float64Array, n: number): number {
  let sum = 0;
  for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) sum += (a[p * n + q] as number) ** 2;
  return sum;
}

/** Makes `a[p, q]` zero by a rotation of rows and columns p and q. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q] as number;
  if (apq === 0) return;
  const theta = ((a[q * n + q] as number) - (a[p * n + p] as number)) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  const turn = (m: Float64Array, i: number, j: number): void => {
    const [x, y] = [m[i] as number, m[j] as number];
    m[i] = c * x - s * y;
    m[j] = s * x + c * y;
  };
  for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q);
  for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k);
  for (let k = 0; k < n; k++) turn(v, k * n + p, k * n + q);
}
