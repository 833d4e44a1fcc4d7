/**
 * Least-squares channel estimation at the pilots, linear interpolation in frequency, then linear in time
 * between the symbols with pilots and constant outside them.
 */
import type { ChannelStatistics } from '../channel-statistics.js';
import type { ReceivedSlot } from '../slot.js';
import { type EdgeRule, type Interpolation, interpolation } from './interpolation.js';
import { leastSquares, type PilotRow, pilotRows } from './pilots.js';
import { regress } from './regression.js';

export interface ChannelEstimate {
  /** `[2·nRx, nSym, nSc]` float32. */
  readonly channel: Float32Array<ArrayBuffer>;
  /** Variance of the estimate's error, per antenna, `[nSym, nSc]` float32. */
  readonly errorVariance: Float32Array<ArrayBuffer>;
}

export interface LsOptions {
  /**
   * Rule for subcarriers outside the outermost pilots. Default `nearest`: half a pilot spacing away, the
   * slope of two noisy pilots costs more than it brings.
   */
  readonly edge?: EdgeRule;
  /**
   * Where they are known, each interpolated gain is scaled to what it says of the channel, and the error
   * variance counts interpolation too; otherwise it is the noise's part alone.
   */
  readonly statistics?: ChannelStatistics;
}

/** A symbol with pilots, interpolated over all subcarriers. */
export interface LsRow {
  readonly pilots: PilotRow;
  readonly frequency: Interpolation;
  /** `[2·nRx, nSc]` */
  readonly channel: Float64Array;
  /** Variance that the noise causes, `[nSc]`. */
  readonly noise: Float64Array;
}

function estimateRow(slot: ReceivedSlot, pilots: PilotRow, edge: EdgeRule): LsRow {
  const { nRx, nSc } = slot.shape;
  const n = pilots.subcarriers.length;
  const frequency = interpolation(pilots.subcarriers, nSc, edge);
  const { left, right, weight } = frequency;
  const channel = new Float64Array(2 * nRx * nSc);
  const noise = new Float64Array(nSc);
  for (let rx = 0; rx < nRx; rx++) {
    const ls = leastSquares(slot, pilots, rx);
    for (let sc = 0; sc < nSc; sc++) {
      const a = left[sc] as number;
      const b = right[sc] as number;
      const w = weight[sc] as number;
      channel[2 * rx * nSc + sc] = (1 - w) * (ls[a] as number) + w * (ls[b] as number);
      channel[(2 * rx + 1) * nSc + sc] = (1 - w) * (ls[n + a] as number) + w * (ls[n + b] as number);
    }
  }
  for (let sc = 0; sc < nSc; sc++) {
    const w = weight[sc] as number;
    const a = pilots.energy[left[sc] as number] as number;
    const b = pilots.energy[right[sc] as number] as number;
    noise[sc] = slot.noiseVariance * ((1 - w) ** 2 / a + w ** 2 / b);
  }
  return { pilots, frequency, channel, noise };
}

/**
 * @param slot received grid, pilots, noise variance.
 * @throws INVALID_ARGUMENT when there is no pilot.
 */
export function lsChannel(slot: ReceivedSlot, options: LsOptions = {}): ChannelEstimate {
  const { nRx, nSym, nSc } = slot.shape;
  const { edge = 'nearest', statistics } = options;
  const plane = nSym * nSc;
  const rows = pilotRows(slot).map((pilots) => estimateRow(slot, pilots, edge));
  const symbols = rows.map(({ pilots }) => pilots.symbol);
  const time = interpolation(symbols, nSym, 'nearest');
  const channel = new Float32Array(2 * nRx * plane);
  const errorVariance = new Float32Array(plane);
  for (let symbol = 0; symbol < nSym; symbol++) {
    const a = rows[time.left[symbol] as number] as LsRow;
    const b = rows[time.right[symbol] as number] as LsRow;
    const w = time.weight[symbol] as number;
    for (let r = 0; r < 2 * nRx; r++) {
      const row = r * plane + symbol * nSc;
      for (let sc = 0; sc < nSc; sc++) {
        const [x, y] = [a.channel[r * nSc + sc] as number, b.channel[r * nSc + sc] as number];
        channel[row + sc] = (1 - w) * x + w * y;
      }
    }
    for (let sc = 0; sc < nSc; sc++) {
      errorVariance[symbol * nSc + sc] =
        (1 - w) ** 2 * (a.noise[sc] as number) + w ** 2 * (b.noise[sc] as number);
    }
  }
  const estimate = { channel, errorVariance };
  if (statistics !== undefined) regress(estimate, { rows, time, statistics, nRx, nSc });
  return estimate;
}
