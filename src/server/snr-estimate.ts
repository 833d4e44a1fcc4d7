/** The signal-to-noise ratio of a received grid, from its pilots, for a few microseconds a grid. */
import type { GridShape } from '../engine/types.js';

/** Pilots in a row of one symbol that are compared. */
const TAPS = 5;
/** Most comparisons for one antenna, spread over the grid: their number sets the cost, not the grid's width. */
const MAX_WINDOWS = 128;
/** What is reported at least and at most: beyond, the estimate says more about itself than about the signal. */
const MIN_SNR_DB = -20;
const MAX_SNR_DB = 60;

/**
 * N0 from how five neighbouring LS estimates of the channel differ from a cubic in frequency (their divided
 * difference of fourth order, whatever the spacing of the pilots): what such a channel leaves is noise of known
 * weight. What else a channel leaves counts as noise: the estimate stays below about 35 dB for paths of 1 µs at 30 kHz,
 * below 25 dB for those of TDL-E with 300 ns of delay spread.
 * Made for one grid of pilots and used for every grid received with them.
 */
export class SnrEstimator {
  /** Resource element of each tap. */
  readonly #elements: Int32Array;
  /** For each tap 1/p (re, im), p the pilot, and its weight in the difference. */
  readonly #inverse: Float64Array;
  readonly #weights: Float64Array;
  /** Sum of the differences' variances for N0 = 1, and mean variance of the LS estimates. */
  readonly #differenceVariance: number;
  readonly #estimateVariance: number;

  /** @param dmrs `[2, nSym, nSc]`, zero where there is no pilot. */
  constructor(dmrs: Float32Array, shape: Pick<GridShape, 'nSym' | 'nSc'>) {
    const plane = shape.nSym * shape.nSc;
    this.#elements = tapsOf(pilotRows(dmrs, shape));
    const taps = this.#elements.length;
    this.#weights = weightsOf(this.#elements);
    this.#inverse = new Float64Array(2 * taps);
    let [difference, estimate] = [0, 0];
    for (let tap = 0; tap < taps; tap++) {
      const re = dmrs[this.#elements[tap]!]!;
      const im = dmrs[plane + this.#elements[tap]!]!;
      const energy = re * re + im * im;
      this.#inverse[2 * tap] = re / energy;
      this.#inverse[2 * tap + 1] = -im / energy;
      difference += this.#weights[tap]! ** 2 / energy;
      estimate += 1 / energy;
    }
    this.#differenceVariance = difference;
    this.#estimateVariance = estimate / taps;
  }

  /** Memory kept, in bytes. */
  get byteLength(): number {
    return this.#elements.length * 4 * Float64Array.BYTES_PER_ELEMENT;
  }

  /**
   * Received energy of a unit-energy symbol per resource element and antenna over N0, in dB, from −20 to 60.
   * Undefined where no symbol has five pilots.
   * @param rxGrid `[2·nRx, nSym, nSc]`.
   */
  estimate(rxGrid: Float32Array, { nRx, nSym, nSc }: GridShape): number | undefined {
    const taps = this.#elements.length;
    if (taps === 0) return undefined;
    const sums = { difference: 0, energy: 0 };
    for (let rx = 0; rx < nRx; rx++) this.#add(sums, rxGrid, 2 * rx * nSym * nSc, nSym * nSc);
    const noise = sums.difference / (nRx * this.#differenceVariance);
    const signal = sums.energy / (nRx * taps) - noise * this.#estimateVariance;
    if (!(signal > 0)) return MIN_SNR_DB;
    return Math.min(MAX_SNR_DB, Math.max(MIN_SNR_DB, 10 * Math.log10(signal / noise)));
  }

  /** One antenna, whose real parts begin at `start`. */
  #add(
    sums: { difference: number; energy: number },
    rxGrid: Float32Array,
    start: number,
    plane: number,
  ): void {
    const inverse = this.#inverse;
    for (let first = 0; first < this.#elements.length; first += TAPS) {
      let [re, im] = [0, 0];
      for (let tap = first; tap < first + TAPS; tap++) {
        const at = start + this.#elements[tap]!;
        const y = rxGrid[at]!;
        const z = rxGrid[at + plane]!;
        const a = inverse[2 * tap]!;
        const b = inverse[2 * tap + 1]!;
        const h = y * a - z * b;
        const g = y * b + z * a;
        sums.energy += h * h + g * g;
        re += this.#weights[tap]! * h;
        im += this.#weights[tap]! * g;
      }
      sums.difference += re * re + im * im;
    }
  }
}

/** Resource elements that hold a pilot, symbol by symbol; those of symbols with fewer than {@link TAPS} left out. */
function pilotRows(dmrs: Float32Array, { nSym, nSc }: Pick<GridShape, 'nSym' | 'nSc'>): number[][] {
  const plane = nSym * nSc;
  const rows: number[][] = [];
  for (let start = 0; start < plane; start += nSc) {
    const pilots: number[] = [];
    for (let re = start; re < start + nSc; re++)
      if (dmrs[re] !== 0 || dmrs[plane + re] !== 0) pilots.push(re);
    if (pilots.length >= TAPS) rows.push(pilots);
  }
  return rows;
}

/** Runs of {@link TAPS} neighbouring pilots of a symbol: at most {@link MAX_WINDOWS}, evenly. */
function tapsOf(rows: readonly number[][]): Int32Array {
  const total = rows.reduce((sum, { length }) => sum + length - TAPS + 1, 0);
  const count = Math.min(total, MAX_WINDOWS);
  const taps = new Int32Array(count * TAPS);
  let [row, before] = [0, 0];
  for (let window = 0; window < count; window++) {
    const first = Math.floor((window * total) / count);
    while (first - before + TAPS > rows[row]!.length) before += rows[row++]!.length - TAPS + 1;
    for (let i = 0; i < TAPS; i++) taps[window * TAPS + i] = rows[row]![first - before + i]!;
  }
  return taps;
}

/** Weights of the divided difference of each run, which is zero for every cubic; of norm 1. */
function weightsOf(taps: Int32Array): Float64Array {
  const weights = new Float64Array(taps.length);
  for (let first = 0; first < taps.length; first += TAPS) {
    if (first > 0 && isSpacedAlike(taps, first)) weights.copyWithin(first, first - TAPS, first);
    else setWeights(taps, first, weights);
  }
  return weights;
}

/** Whether a run is spaced as the one before it, as most are. */
function isSpacedAlike(taps: Int32Array, first: number): boolean {
  const shift = taps[first]! - taps[first - TAPS]!;
  for (let i = 1; i < TAPS; i++) if (taps[first + i]! - taps[first - TAPS + i]! !== shift) return false;
  return true;
}

function setWeights(taps: Int32Array, first: number, weights: Float64Array): void {
  let energy = 0;
  for (let i = first; i < first + TAPS; i++) {
    let product = 1;
    for (let j = first; j < first + TAPS; j++) if (j !== i) product *= taps[i]! - taps[j]!;
    weights[i] = 1 / product;
    energy += weights[i]! ** 2;
  }
  for (let i = first; i < first + TAPS; i++) weights[i]! /= Math.sqrt(energy);
}
