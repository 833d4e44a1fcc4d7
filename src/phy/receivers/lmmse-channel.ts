/**
 * LMMSE channel estimation from all pilots of a slot at once, in time and frequency, with the covariance that
 * the channel was drawn with: `ĥ = R_hp·(R_pp + N0/|p|²·I)⁻¹·ĥ_LS`.
 */
import { invalid } from '../../errors.js';
import type { ChannelStatistics } from '../channel-statistics.js';
import type { ReceivedSlot } from '../slot.js';
import { LineOfSight } from './line-of-sight.js';
import type { ChannelEstimate } from './ls-channel.js';
import { type Complex64, complexZeros } from './matrix.js';
import { leastSquares, type PilotRow, pilotRows } from './pilots.js';
import { type PilotGrid, RayleighFilter } from './rayleigh-filter.js';

/** Noise at 120 dB: with less, rounding decides whether a covariance is positive definite. */
const LEAST_NOISE = 1e-12;

/** Difference of pilot energies that float32 explains. */
const SAME_ENERGY = 1e-5;

function pilotGrid(rows: readonly PilotRow[], noiseVariance: number): PilotGrid {
  const { subcarriers, energy } = rows[0] as PilotRow;
  const first = energy[0] as number;
  const regular = rows.every(
    (row) =>
      row.subcarriers.length === subcarriers.length &&
      row.subcarriers.every((sc, i) => sc === subcarriers[i]) &&
      row.energy.every((e) => Math.abs(e - first) < SAME_ENERGY * first),
  );
  if (!regular) throw invalid('dmrs', 'pilots of one power on the same subcarriers of each symbol', 'others');
  const noise = Math.max(LEAST_NOISE, noiseVariance / first);
  return { symbols: rows.map(({ symbol }) => symbol), subcarriers, noise };
}

/** LS estimates of one antenna, `[symbols, subcarriers]` of the pilots. */
function pilotEstimates(slot: ReceivedSlot, rows: readonly PilotRow[], rx: number): Complex64 {
  const n = (rows[0] as PilotRow).subcarriers.length;
  const out = complexZeros(rows.length * n);
  rows.forEach((row, j) => {
    const ls = leastSquares(slot, row, rx);
    out.re.set(ls.subarray(0, n), j * n);
    out.im.set(ls.subarray(n), j * n);
  });
  return out;
}

/**
 * @param slot received grid, pilots, noise variance.
 * @returns the estimate and the variance of its error, which is uncorrelated with it.
 * @throws INVALID_ARGUMENT when pilots differ in power, or from symbol to symbol in place.
 */
export function lmmseChannel(slot: ReceivedSlot, statistics: ChannelStatistics): ChannelEstimate {
  const { shape } = slot;
  const rows = pilotRows(slot);
  const pilots = pilotGrid(rows, slot.noiseVariance);
  const filter = new RayleighFilter(shape, pilots, statistics);
  const { lineOfSight } = statistics;
  const direct = lineOfSight.power > 0 ? new LineOfSight(filter, pilots, shape, lineOfSight) : undefined;
  const plane = shape.nSym * shape.nSc;
  const channel = new Float32Array(2 * shape.nRx * plane);
  for (let rx = 0; rx < shape.nRx; rx++) {
    const ls = pilotEstimates(slot, rows, rx);
    const estimate = filter.estimate(ls);
    direct?.correct(estimate, ls);
    channel.set(estimate.re, 2 * rx * plane);
    channel.set(estimate.im, (2 * rx + 1) * plane);
  }
  const error = filter.errorVariance();
  direct?.addError(error);
  return { channel, errorVariance: Float32Array.from(error, (variance) => Math.max(0, variance)) };
}
