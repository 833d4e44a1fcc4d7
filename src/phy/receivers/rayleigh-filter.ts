/**
 * Wiener filter of a channel of Rayleigh taps: `R_hp·(R_pp + σ²·I)⁻¹`, exactly, without a matrix of the size
 * of the pilots.
 *
 * With the pilots of every symbol on the same subcarriers the covariance is a Kronecker product, time by
 * frequency. Time: `T_pp = V·diag(µ)·Vᵀ` decouples the eigenmodes of the symbols with pilots. Frequency: tap t
 * makes row k of `B`, `√P_t·e^{−jkθ_t}`, so that `F = B·Bᴴ`, and for a mode
 * `F_hp·(µ·F_pp + σ²·I)⁻¹ = B_h·(µ·K + σ²·I)⁻¹·B_pᴴ` with `K = B_pᴴ·B_p`, `[taps, taps]`. The cost grows with
 * the subcarriers only linearly.
 */
import type { PlaneShape } from '../../nr/shape.js';
import type { ChannelStatistics } from '../channel-statistics.js';
import {
  choleskyInPlace,
  type Complex64,
  complexZeros,
  solveLower,
  solveUpper,
  symmetricEigen,
} from './matrix.js';

/** Pilots on the same subcarriers in every symbol that has any. */
export interface PilotGrid {
  readonly symbols: readonly number[];
  readonly subcarriers: readonly number[];
  /** N0/|p|²: variance of the noise in each LS estimate. */
  readonly noise: number;
}

/** Share of the largest possible eigenvalue below which a mode of the pilots' symbols is numerically 0. */
const NO_MODE = 1e-15;

interface TimeMode {
  /** Eigenvector, `[symbols]`. */
  readonly vector: Float64Array;
  /** µ. */
  readonly power: number;
  /** Covariance of each symbol's gain with the mode, `[nSym]`. */
  readonly covariance: Float64Array;
  /** L of `µ·K + σ²·I = L·Lᴴ`, `[taps, taps]`. */
  readonly factor: Complex64;
}

export class RayleighFilter {
  private readonly taps: number;
  /** B, `[nSc, taps]`. */
  private readonly basis: Complex64;
  private readonly modes: readonly TimeMode[];

  constructor(
    private readonly shape: PlaneShape,
    private readonly pilots: PilotGrid,
    private readonly statistics: ChannelStatistics,
  ) {
    this.taps = statistics.powers.length;
    this.basis = tapBasis(statistics, shape.nSc);
    this.modes = this.timeModes();
  }

  /**
   * @param ls LS estimates, `[symbols, subcarriers]` of the pilots.
   * @returns the estimate at every resource element, `[nSym, nSc]`.
   */
  estimate(ls: Complex64): Complex64 {
    const { nSym, nSc } = this.shape;
    const out = complexZeros(nSym * nSc);
    for (const mode of this.modes) {
      const response = this.response(this.solve(mode, ls));
      for (let symbol = 0; symbol < nSym; symbol++) {
        const weight = mode.covariance[symbol] as number;
        for (let sc = 0, re = symbol * nSc; sc < nSc; sc++, re++) {
          out.re[re] = (out.re[re] as number) + weight * (response.re[sc] as number);
          out.im[re] = (out.im[re] as number) + weight * (response.im[sc] as number);
        }
      }
    }
    return out;
  }

  /**
   * `R_hh − R_hp·(R_pp + σ²·I)⁻¹·R_ph`, its diagonal, `[nSym, nSc]`. In a mode, with `q = b·(µK + σ²I)⁻¹·bᴴ`
   * at the subcarrier of row b of B, the second term is `ρ²·(P − σ²·q)/µ`, since `K·(µK + σ²I)⁻¹ =
   * (I − σ²·(µK + σ²I)⁻¹)/µ`.
   */
  errorVariance(): Float64Array {
    const { nSym, nSc } = this.shape;
    const power = this.statistics.powers.reduce((sum, p) => sum + p, 0);
    const out = new Float64Array(nSym * nSc).fill(power);
    for (const mode of this.modes) {
      const noise = this.noiseGain(mode).map((q) => this.pilots.noise * q);
      for (let symbol = 0; symbol < nSym; symbol++) {
        const share = (mode.covariance[symbol] as number) ** 2 / mode.power;
        for (let sc = 0, re = symbol * nSc; sc < nSc; sc++, re++)
          out[re] = (out[re] as number) - share * (power - (noise[sc] as number));
      }
    }
    return out;
  }

  private timeModes(): TimeMode[] {
    const { timeCorrelation } = this.statistics;
    const { symbols } = this.pilots;
    const n = symbols.length;
    const lag = (a: number, b: number): number => timeCorrelation[Math.abs(a - b)] as number;
    const { values, vectors } = symmetricEigen(
      Float64Array.from({ length: n * n }, (_, i) =>
        lag(symbols[Math.floor(i / n)] as number, symbols[i % n] as number),
      ),
      n,
    );
    const gram = this.gram();
    return Array.from(values, (power, m) => ({ power, m }))
      .filter(({ power }) => power > n * NO_MODE)
      .map(({ power, m }) => {
        const vector = Float64Array.from({ length: n }, (_, j) => vectors[j * n + m] as number);
        const covariance = Float64Array.from({ length: this.shape.nSym }, (_, symbol) =>
          symbols.reduce((sum, pilot, j) => sum + lag(symbol, pilot) * (vector[j] as number), 0),
        );
        return { vector, power, covariance, factor: this.factor(gram, power) };
      });
  }

  /** K, its lower triangle. */
  private gram(): Complex64 {
    const { taps, basis } = this;
    const gram = complexZeros(taps * taps);
    for (const sc of this.pilots.subcarriers) {
      const row = sc * taps;
      for (let t = 0; t < taps; t++) {
        const [ar, ai] = [basis.re[row + t] as number, basis.im[row + t] as number];
        for (let s = 0; s <= t; s++) {
          const [br, bi] = [basis.re[row + s] as number, basis.im[row + s] as number];
          const at = t * taps + s;
          gram.re[at] = (gram.re[at] as number) + ar * br + ai * bi;
          gram.im[at] = (gram.im[at] as number) + ar * bi - ai * br;
        }
      }
    }
    return gram;
  }

  private factor(gram: Complex64, power: number): Complex64 {
    const { taps } = this;
    const factor = { re: gram.re.map((x) => power * x), im: gram.im.map((x) => power * x) };
    for (let t = 0; t < taps; t++)
      factor.re[t * taps + t] = (factor.re[t * taps + t] as number) + this.pilots.noise;
    choleskyInPlace(factor, taps);
    return factor;
  }

  /** `(µK + σ²I)⁻¹·B_pᴴ·y`, `[taps]`, of the mode's part y of the LS estimates. */
  private solve(mode: TimeMode, ls: Complex64): Complex64 {
    const { taps, basis } = this;
    const { subcarriers } = this.pilots;
    const x = complexZeros(taps);
    for (let i = 0; i < subcarriers.length; i++) {
      let [yr, yi] = [0, 0];
      for (let j = 0; j < mode.vector.length; j++) {
        yr += (mode.vector[j] as number) * (ls.re[j * subcarriers.length + i] as number);
        yi += (mode.vector[j] as number) * (ls.im[j * subcarriers.length + i] as number);
      }
      const row = (subcarriers[i] as number) * taps;
      for (let t = 0; t < taps; t++) {
        const [br, bi] = [basis.re[row + t] as number, basis.im[row + t] as number];
        x.re[t] = (x.re[t] as number) + br * yr + bi * yi;
        x.im[t] = (x.im[t] as number) + br * yi - bi * yr;
      }
    }
    solveLower(mode.factor, x, taps);
    solveUpper(mode.factor, x, taps);
    return x;
  }

  /** `B·x`, `[nSc]`. */
  private response(x: Complex64): Complex64 {
    const { taps, basis } = this;
    const out = complexZeros(this.shape.nSc);
    for (let sc = 0, row = 0; sc < out.re.length; sc++, row += taps) {
      let [sr, si] = [0, 0];
      for (let t = 0; t < taps; t++) {
        const [br, bi] = [basis.re[row + t] as number, basis.im[row + t] as number];
        const [xr, xi] = [x.re[t] as number, x.im[t] as number];
        sr += br * xr - bi * xi;
        si += br * xi + bi * xr;
      }
      out.re[sc] = sr;
      out.im[sc] = si;
    }
    return out;
  }

  /** `b·(µK + σ²I)⁻¹·bᴴ = |L⁻¹·bᴴ|²` at each subcarrier, `[nSc]`. */
  private noiseGain(mode: TimeMode): Float64Array {
    const { taps, basis } = this;
    const x = complexZeros(taps);
    return Float64Array.from({ length: this.shape.nSc }, (_, sc) => {
      for (let t = 0; t < taps; t++) {
        x.re[t] = basis.re[sc * taps + t] as number;
        x.im[t] = -(basis.im[sc * taps + t] as number);
      }
      solveLower(mode.factor, x, taps);
      let gain = 0;
      for (let t = 0; t < taps; t++) gain += (x.re[t] as number) ** 2 + (x.im[t] as number) ** 2;
      return gain;
    });
  }
}

function tapBasis({ powers, delayPhases }: ChannelStatistics, nSc: number): Complex64 {
  const taps = powers.length;
  const basis = complexZeros(nSc * taps);
  for (let t = 0; t < taps; t++) {
    const amplitude = Math.sqrt(powers[t] as number);
    for (let sc = 0; sc < nSc; sc++) {
      const phase = sc * (delayPhases[t] as number);
      basis.re[sc * taps + t] = amplitude * Math.cos(phase);
      basis.im[sc * taps + t] = -amplitude * Math.sin(phase);
    }
  }
  return basis;
}
