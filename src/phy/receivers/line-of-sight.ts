import type { ChannelStatistics } from '../channel-statistics.js';
import type { PlaneShape } from '../../nr/shape.js';
import { type Complex64, complexZeros } from './matrix.js';
import type { PilotGrid, RayleighFilter } from './rayleigh-filter.js';

/**
 * The line-of-sight path beside the Rayleigh taps. Its phasor u is known but for a complex amplitude s of
 * variance P. With W the filter of the Rayleigh taps, `(y − W·y)/σ²` is y whitened, so that
 * `ŝ = v·Σ u*·(y − W·y)/σ²` with the error variance `v = P/(1 + P·Σ u*·(u − W·u)/σ²)`. Then
 * `ĥ = W·y + (u − W·u)·ŝ`, and its error is that of the filter plus `(u − W·u)·(s − ŝ)`, uncorrelated with it.
 */
export class LineOfSight {
  /** `e^{jlω}`, `[nSym]`. */
  private readonly phasor: Complex64;
  /** u − W·u, `[nSym, nSc]`. */
  private readonly residual: Complex64;
  /** v. */
  private readonly variance: number;

  constructor(
    filter: RayleighFilter,
    private readonly pilots: PilotGrid,
    private readonly shape: PlaneShape,
    { power, dopplerPhase }: ChannelStatistics['lineOfSight'],
  ) {
    this.phasor = complexZeros(shape.nSym);
    for (let symbol = 0; symbol < shape.nSym; symbol++) {
      this.phasor.re[symbol] = Math.cos(dopplerPhase * symbol);
      this.phasor.im[symbol] = Math.sin(dopplerPhase * symbol);
    }
    const known = this.rows(pilots.symbols, pilots.subcarriers.length);
    const filtered = filter.estimate(known);
    this.variance = power / (1 + power * this.correlate(known, filtered)[0]);
    const symbols = Array.from({ length: shape.nSym }, (_, symbol) => symbol);
    this.residual = this.rows(symbols, shape.nSc);
    this.residual.re.forEach((x, i) => (this.residual.re[i] = x - (filtered.re[i] as number)));
    this.residual.im.forEach((x, i) => (this.residual.im[i] = x - (filtered.im[i] as number)));
  }

  /**
   * Adds `(u − W·u)·ŝ` to `W·y`.
   * @param estimate `[nSym, nSc]`, in place.
   * @param ls y, `[symbols, subcarriers]` of the pilots.
   */
  correct(estimate: Complex64, ls: Complex64): void {
    const [re, im] = this.correlate(ls, estimate);
    const [sr, si] = [this.variance * re, this.variance * im];
    const { residual } = this;
    for (let i = 0; i < estimate.re.length; i++) {
      const [ur, ui] = [residual.re[i] as number, residual.im[i] as number];
      estimate.re[i] = (estimate.re[i] as number) + ur * sr - ui * si;
      estimate.im[i] = (estimate.im[i] as number) + ur * si + ui * sr;
    }
  }

  /** Adds `|u − W·u|²·v` to the filter's error variance, `[nSym, nSc]`, in place. */
  addError(errorVariance: Float64Array): void {
    const { re, im } = this.residual;
    for (let i = 0; i < errorVariance.length; i++) {
      const gain = (re[i] as number) ** 2 + (im[i] as number) ** 2;
      errorVariance[i] = (errorVariance[i] as number) + this.variance * gain;
    }
  }

  /** `Σ u*·(y − W·y)/σ²` over the pilots. */
  private correlate(ls: Complex64, filtered: Complex64): [re: number, im: number] {
    const { symbols, subcarriers, noise } = this.pilots;
    let [re, im] = [0, 0];
    symbols.forEach((symbol, j) => {
      const [c, s] = [this.phasor.re[symbol] as number, this.phasor.im[symbol] as number];
      subcarriers.forEach((sc, i) => {
        const [from, at] = [j * subcarriers.length + i, symbol * this.shape.nSc + sc];
        const dr = (ls.re[from] as number) - (filtered.re[at] as number);
        const di = (ls.im[from] as number) - (filtered.im[at] as number);
        re += c * dr + s * di;
        im += c * di - s * dr;
      });
    });
    return [re / noise, im / noise];
  }

  /** u at `n` subcarriers of each symbol, `[symbols, n]`. */
  private rows(symbols: readonly number[], n: number): Complex64 {
    const out = complexZeros(symbols.length * n);
    symbols.forEach((symbol, j) => {
      out.re.fill(this.phasor.re[symbol] as number, j * n, (j + 1) * n);
      out.im.fill(this.phasor.im[symbol] as number, j * n, (j + 1) * n);
    });
    return out;
  }
}
