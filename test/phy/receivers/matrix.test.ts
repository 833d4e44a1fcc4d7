import { describe, it } from 'vitest';
import { Random } from '#phy/random.js';
import {
  choleskyInPlace,
  type Complex64,
  complexZeros,
  solveLower,
  solveUpper,
  symmetricEigen,
} from '#phy/receivers/matrix.js';
import { at, expect } from '../../support/matchers.js';

/** `A·Aᴴ + n·I` of a random A. */
function positiveDefinite(n: number, rng: Random): Complex64 {
  const a = complexZeros(n * n);
  for (let i = 0; i < n * n; i++) [a.re[i], a.im[i]] = [rng.normal(), rng.normal()];
  const out = complexZeros(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      let [re, im] = [i === j ? n : 0, 0];
      for (let k = 0; k < n; k++) {
        const [ar, ai] = [at(a.re, i * n + k), at(a.im, i * n + k)];
        const [br, bi] = [at(a.re, j * n + k), at(a.im, j * n + k)];
        re += ar * br + ai * bi;
        im += ai * br - ar * bi;
      }
      [out.re[i * n + j], out.im[i * n + j]] = [re, im];
    }
  }
  return out;
}

function multiply(a: Complex64, x: Complex64, n: number): Complex64 {
  const out = complexZeros(n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const [ar, ai, xr, xi] = [at(a.re, i * n + k), at(a.im, i * n + k), at(x.re, k), at(x.im, k)];
      out.re[i] = at(out.re, i) + ar * xr - ai * xi;
      out.im[i] = at(out.im, i) + ar * xi + ai * xr;
    }
  }
  return out;
}

describe('Cholesky', () => {
  it.each([1, 2, 7, 24])('solves a system of %d equations', (n) => {
    const rng = Random.fromSeed(n);
    const matrix = positiveDefinite(n, rng);
    const x = complexZeros(n);
    for (let i = 0; i < n; i++) [x.re[i], x.im[i]] = [rng.normal(), rng.normal()];
    const solved = multiply(matrix, x, n);
    const factor = { re: Float64Array.from(matrix.re), im: Float64Array.from(matrix.im) };
    choleskyInPlace(factor, n);
    solveLower(factor, solved, n);
    solveUpper(factor, solved, n);
    // Well conditioned: a few roundings of 2⁻⁵³.
    expect(solved.re).toBeAllClose(x.re, { absolute: 1e-12 });
    expect(solved.im).toBeAllClose(x.im, { absolute: 1e-12 });
  });

  it('refuses what is not positive definite', () => {
    const matrix = { re: Float64Array.of(1, 2, 2, 1), im: new Float64Array(4) };
    expect(() => choleskyInPlace(matrix, 2)).toThrow('a covariance is not positive definite');
  });
});

describe('symmetricEigen', () => {
  it.each([1, 2, 4, 14])('takes a matrix of %d rows apart', (n) => {
    const rng = Random.fromSeed(n);
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = rng.normal();
    const { values, vectors } = symmetricEigen(matrix, n);
    const product = (weight: (m: number) => number, i: number, j: number): number =>
      Array.from({ length: n }, (_, m) => weight(m) * at(vectors, i * n + m) * at(vectors, j * n + m)).reduce(
        (a, b) => a + b,
      );
    const all = (weight: (m: number) => number) =>
      Float64Array.from({ length: n * n }, (_, i) => product(weight, Math.floor(i / n), i % n));
    const identity = Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
    expect(all(() => 1)).toBeAllClose(identity, { absolute: 1e-13 });
    expect(all((m) => at(values, m))).toBeAllClose(matrix, { absolute: 1e-12 });
  });

  it('has one eigenvalue of a matrix of ones', () => {
    const values = symmetricEigen(new Float64Array(9).fill(1), 3).values.toSorted();
    expect(values).toBeAllClose([0, 0, 3], { absolute: 1e-14 });
  });
});
