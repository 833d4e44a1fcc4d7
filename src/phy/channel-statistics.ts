/** Second-order statistics of the simulated channels: what a receiver that knows them may use. */
import { invalid } from '../errors.js';
import type { ChannelConfig, ChannelGeometry } from './channel.js';
import { symbolPeriodSeconds, tapTable } from './tdl/channel.js';
import { LINE_OF_SIGHT_DOPPLER } from './tdl/tap-fading.js';

/**
 * Covariance of one antenna's gain over symbols and subcarriers. Taps are uncorrelated with each other, and
 * antennas too; every gain has zero mean, a line-of-sight path included, since its phase is uniform.
 */
export interface ChannelStatistics {
  /** Mean powers of the Rayleigh taps, `[taps]`; with `lineOfSight.power` they sum to 1. */
  readonly powers: Float64Array;
  /** 2π·Δf·τ of each of these taps: the phase lost from one subcarrier to the next, radian, `[taps]`. */
  readonly delayPhases: Float64Array;
  /** J0(2π·f_D·T·n): correlation of such a tap's gain with itself n symbols later, `[nSym]`. */
  readonly timeCorrelation: Float64Array;
  /** The path at delay 0 that turns by `dopplerPhase` radian a symbol; power 0 when there is none. */
  readonly lineOfSight: { readonly power: number; readonly dopplerPhase: number };
}

/** Bessel J0 by the midpoint rule on its integral, which converges exponentially once there are more points than x. */
export function besselJ0(x: number): number {
  const n = 32 + Math.ceil(Math.abs(x));
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.cos(x * Math.sin((Math.PI * (i + 0.5)) / n));
  return sum / n;
}

/**
 * The statistics of what {@link drawChannel} draws. `awgn` counts as flat with unknown phase, like `rayleigh`.
 * @throws INVALID_ARGUMENT for `rayleigh-iid`, where pilots say nothing about other resource elements.
 */
export function channelStatistics(config: ChannelConfig, geometry: ChannelGeometry): ChannelStatistics {
  const { nSym, subcarrierSpacingHz, cyclicPrefix } = geometry;
  if (config === 'rayleigh-iid')
    throw invalid('channel', 'one that is correlated between resource elements', config);
  if (typeof config !== 'object') {
    return {
      powers: Float64Array.of(1),
      delayPhases: Float64Array.of(0),
      timeCorrelation: new Float64Array(nSym).fill(1),
      lineOfSight: { power: 0, dopplerPhase: 0 },
    };
  }
  const table = tapTable(config);
  const first = table.lineOfSight ? 1 : 0;
  const phaseStep = 2 * Math.PI * config.dopplerHz * symbolPeriodSeconds(subcarrierSpacingHz, cyclicPrefix);
  return {
    powers: table.powers.subarray(first),
    delayPhases: table.delaysSeconds
      .subarray(first)
      .map((delay) => 2 * Math.PI * subcarrierSpacingHz * delay),
    timeCorrelation: Float64Array.from({ length: nSym }, (_, lag) => besselJ0(phaseStep * lag)),
    lineOfSight: {
      power: table.lineOfSight ? (table.powers[0] as number) : 0,
      dopplerPhase: LINE_OF_SIGHT_DOPPLER * phaseStep,
    },
  };
}

/** `E[h(l + symbols, k + subcarriers)·h*(l, k)]`, its parts. */
export interface CovarianceAt {
  re(symbols: number, subcarriers: number): number;
  im(symbols: number, subcarriers: number): number;
}

/** The covariance of gains up to a grid apart: `J0·Σ P·e^{−jθ·subcarriers} + P_LOS·e^{jω·symbols}`. */
export function channelCovariance(statistics: ChannelStatistics, nSc: number): CovarianceAt {
  const { timeCorrelation, lineOfSight } = statistics;
  const [fr, fi] = frequencyCorrelation(statistics, nSc);
  const turned = (part: (x: number) => number) =>
    timeCorrelation.map((_, lag) => lineOfSight.power * part(lineOfSight.dopplerPhase * lag));
  const [dr, di] = [turned(Math.cos), turned(Math.sin)];
  return {
    re: (symbols, subcarriers) => {
      const lag = Math.abs(symbols);
      return (timeCorrelation[lag] as number) * (fr[Math.abs(subcarriers)] as number) + (dr[lag] as number);
    },
    im: (symbols, subcarriers) => {
      const lag = Math.abs(symbols);
      const scattered = (timeCorrelation[lag] as number) * (fi[Math.abs(subcarriers)] as number);
      return Math.sign(symbols) * (di[lag] as number) + Math.sign(subcarriers) * scattered;
    },
  };
}

/** `Σ P·e^{−jθn}` over the Rayleigh taps for n = 0 … nSc−1, re and im. */
function frequencyCorrelation({ powers, delayPhases }: ChannelStatistics, nSc: number) {
  const [re, im] = [new Float64Array(nSc), new Float64Array(nSc)];
  for (let t = 0; t < powers.length; t++) {
    const [power, phase] = [powers[t] as number, delayPhases[t] as number];
    for (let lag = 0; lag < nSc; lag++) {
      re[lag] = (re[lag] as number) + power * Math.cos(phase * lag);
      im[lag] = (im[lag] as number) - power * Math.sin(phase * lag);
    }
  }
  return [re, im] as const;
}
