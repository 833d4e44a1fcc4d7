/** What a receiver of real signals has to find out for itself: the noise variance, from the pilots. */
import { invalid } from '../errors.js';
import type { ReceivedSlot } from './slot.js';

type PilotSlot = Pick<ReceivedSlot, 'shape' | 'rxGrid' | 'dmrs'>;

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

/** Subcarriers of one symbol that carry a pilot. */
function pilotsOf({ shape, dmrs }: PilotSlot, symbol: number): number[] {
  const { nSym, nSc } = shape;
  const plane = nSym * nSc;
  const row = symbol * nSc;
  const isPilot = (sc: number) => dmrs[row + sc] !== 0 || dmrs[plane + row + sc] !== 0;
  return Array.from({ length: nSc }, (_, sc) => sc).filter(isPilot);
}

/** LS estimates `h = y·p*∕|p|²` of one symbol and antenna, and 1∕|p|² of each. */
interface PilotEstimates {
  readonly re: Float64Array;
  readonly im: Float64Array;
  readonly inverseEnergy: Float64Array;
}

function lsEstimates(slot: PilotSlot, symbol: number, rx: number, pilots: readonly number[]): PilotEstimates {
  const { nSym, nSc } = slot.shape;
  const plane = nSym * nSc;
  const re = new Float64Array(pilots.length);
  const im = new Float64Array(pilots.length);
  const inverseEnergy = new Float64Array(pilots.length);
  pilots.forEach((sc, i) => {
    const at = symbol * nSc + sc;
    const pr = slot.dmrs[at] as number;
    const pi = slot.dmrs[plane + at] as number;
    const yr = slot.rxGrid[2 * rx * plane + at] as number;
    const yi = slot.rxGrid[(2 * rx + 1) * plane + at] as number;
    const inverse = 1 / (pr * pr + pi * pi);
    re[i] = (yr * pr + yi * pi) * inverse;
    im[i] = (yi * pr - yr * pi) * inverse;
    inverseEnergy[i] = inverse;
  });
  return { re, im, inverseEnergy };
}

function addSymbol(sums: Sums, slot: PilotSlot, symbol: number, rx: number): void {
  const pilots = pilotsOf(slot, symbol);
  const { re, im, inverseEnergy: inverse } = lsEstimates(slot, symbol, rx, pilots);
  for (let i = 0; i < pilots.length; i++) {
    sums.energy += re[i]! ** 2 + im[i]! ** 2;
    sums.noise += inverse[i]!;
    sums.count++;
    if (i === 0 || i === pilots.length - 1) continue;
    const w = (pilots[i]! - pilots[i - 1]!) / (pilots[i + 1]! - pilots[i - 1]!);
    const residual = (h: Float64Array) => h[i]! - (1 - w) * h[i - 1]! - w * h[i + 1]!;
    sums.residual += residual(re) ** 2 + residual(im) ** 2;
    sums.unit += inverse[i]! + (1 - w) ** 2 * inverse[i - 1]! + w ** 2 * inverse[i + 1]!;
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
  for (let rx = 0; rx < slot.shape.nRx; rx++)
    for (let symbol = 0; symbol < slot.shape.nSym; symbol++) addSymbol(sums, slot, symbol, rx);
  if (sums.unit === 0) throw invalid('dmrs', 'a symbol with three pilots', 'fewer in every symbol');
  if (sums.energy === 0) throw invalid('rxGrid', 'a signal at the pilots', 'zeros only');
  const measured = sums.residual / sums.unit;
  const energy = sums.energy / sums.count;
  const noiseVariance = Math.max(measured, LEAST_NOISE_SHARE * energy);
  const signal = Math.max(energy - (measured * sums.noise) / sums.count, LEAST_NOISE_SHARE * energy);
  return { noiseVariance, snrDb: 10 * Math.log10(signal / noiseVariance) };
}
