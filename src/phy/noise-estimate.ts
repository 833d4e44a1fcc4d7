/** What a receiver of real signals has to find out for itself: the noise variance, from the pilots. */
import { invalid } from '../errors.js';
import { leastSquares, type PilotRow, pilotRows, type PilotSlot } from './receivers/pilots.js';

export interface NoiseEstimate {
  /** N0: variance of the complex noise per RE and antenna, in the units of the grid squared. */
  readonly noiseVariance: number;
  /** Received energy of a unit-energy symbol per RE and antenna over N0, dB. */
  readonly snrDb: number;
}

/** N0 that a noise-free grid is taken to have, as a share of the received energy: LLRs stay finite. */
const LEAST_NOISE_SHARE = 1e-9;

interface Sums {
  /** Σ|e|² of the residuals, and the variance they have for N0 = 1. */
  residual: number;
  unit: number;
  /** Σ|ĥ|² of the LS estimates, the noise in it for N0 = 1, and their number. */
  energy: number;
  noise: number;
  count: number;
}

function addRow(sums: Sums, slot: PilotSlot, row: PilotRow, rx: number): void {
  const { subcarriers, energy } = row;
  const n = subcarriers.length;
  const ls = leastSquares(slot, row, rx);
  const noise = (i: number) => 1 / energy[i]!;
  for (let i = 0; i < n; i++) {
    sums.energy += ls[i]! ** 2 + ls[n + i]! ** 2;
    sums.noise += noise(i);
    sums.count++;
    if (i === 0 || i === n - 1) continue;
    const w = (subcarriers[i]! - subcarriers[i - 1]!) / (subcarriers[i + 1]! - subcarriers[i - 1]!);
    const residual = (at: number) => ls[at]! - (1 - w) * ls[at - 1]! - w * ls[at + 1]!;
    sums.residual += residual(i) ** 2 + residual(n + i) ** 2;
    sums.unit += noise(i) + (1 - w) ** 2 * noise(i - 1) + w ** 2 * noise(i + 1);
  }
}

/**
 * Noise variance from how far the LS estimate at each pilot is from the line through its two neighbours in
 * frequency: a channel that is straight over three pilots cancels, what stays is noise of known weight. The
 * curvature of a real channel counts as noise: at 30 kHz, type 1 and 300 ns of delay spread below −30 dB of the
 * signal for TDL-A to TDL-C, below −25 dB for TDL-D and TDL-E. All antennas and pilots are taken to have the same
 * noise.
 * @throws INVALID_ARGUMENT when no symbol has three pilots, or when nothing was received at them.
 */
export function estimateNoise(slot: PilotSlot): NoiseEstimate {
  const sums: Sums = { residual: 0, unit: 0, energy: 0, noise: 0, count: 0 };
  for (const row of pilotRows(slot)) for (let rx = 0; rx < slot.shape.nRx; rx++) addRow(sums, slot, row, rx);
  if (sums.unit === 0) throw invalid('dmrs', 'a symbol with three pilots', 'fewer in every symbol');
  if (sums.energy === 0) throw invalid('rxGrid', 'a signal at the pilots', 'zeros only');
  const measured = sums.residual / sums.unit;
  const energy = sums.energy / sums.count;
  const noiseVariance = Math.max(measured, LEAST_NOISE_SHARE * energy);
  const signal = Math.max(energy - (measured * sums.noise) / sums.count, LEAST_NOISE_SHARE * energy);
  return { noiseVariance, snrDb: 10 * Math.log10(signal / noiseVariance) };
}
