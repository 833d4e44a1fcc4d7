/** Tapped delay line channels of TR 38.901 §7.7.2 in the frequency domain. */
import { invalid } from '../../errors.js';
import type { Random } from '../random.js';
import { TDL_PROFILES, type TdlProfile, type TdlProfileName } from './profiles.js';
import { addLineOfSight, addRayleighTap } from './tap-fading.js';

export interface TdlConfig {
  readonly profile: TdlProfileName;
  /** RMS delay spread that scales TDL-A … TDL-E, seconds. Left out for the fixed TDL-A30, B100, C300. */
  readonly delaySpreadSeconds?: number;
  /** Maximum Doppler shift f_D, Hz. */
  readonly dopplerHz: number;
}

export interface TdlChannelOptions extends TdlConfig {
  readonly nRx: number;
  readonly nSym: number;
  readonly nSc: number;
  readonly rng: Random;
  /** Default 30 kHz. */
  readonly subcarrierSpacingHz?: number;
  /** Default `normal`. */
  readonly cyclicPrefix?: 'normal' | 'extended';
}

/** Tap delays in seconds and mean powers that sum to 1. */
export interface TapTable {
  readonly delaysSeconds: Float64Array;
  readonly powers: Float64Array;
  /** The first tap is a line-of-sight path. */
  readonly lineOfSight: boolean;
}

function requireNonNegative(field: string, value: number): void {
  if (!(Number.isFinite(value) && value >= 0)) throw invalid(field, 'a number ≥ 0', String(value));
}

function delayScale(profile: TdlProfile, config: TdlConfig): number {
  const { delaySpreadSeconds } = config;
  if (profile.delayUnit === 'delaySpread') {
    if (delaySpreadSeconds === undefined) {
      throw invalid('delaySpreadSeconds', `a delay spread for ${config.profile}`, 'nothing');
    }
    requireNonNegative('delaySpreadSeconds', delaySpreadSeconds);
    return delaySpreadSeconds;
  }
  if (delaySpreadSeconds !== undefined) {
    throw invalid(
      'delaySpreadSeconds',
      `nothing: ${config.profile} has fixed delays`,
      String(delaySpreadSeconds),
    );
  }
  return 1e-9;
}

/** The taps of a configured profile, powers normalised to sum 1. */
export function tapTable(config: TdlConfig): TapTable {
  const profile = TDL_PROFILES[config.profile] as TdlProfile | undefined;
  if (profile === undefined) {
    throw invalid('profile', `one of ${Object.keys(TDL_PROFILES).join(', ')}`, config.profile);
  }
  const scale = delayScale(profile, config);
  const powers = Float64Array.from(profile.powersDb, (db) => 10 ** (db / 10));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return {
    delaysSeconds: Float64Array.from(profile.delays, (delay) => delay * scale),
    powers: powers.map((power) => power / total),
    lineOfSight: profile.lineOfSight,
  };
}

/**
 * Time from one OFDM symbol's centre to the next, cyclic prefix included (TS 38.211 §5.3.1): useful part
 * 2048 and prefix 144 (extended: 512) of 2048 samples. The longer prefix every 0.5 ms adds 0.5 µs before
 * the first symbol of a slot, which shifts no interval within it at 30 kHz and above; at 15 kHz the one
 * before symbol 7 is left out (a phase of less than 0.002 rad at 500 Hz).
 */
export function symbolPeriodSeconds(
  subcarrierSpacingHz: number,
  cyclicPrefix: 'normal' | 'extended',
): number {
  return (1 + (cyclicPrefix === 'normal' ? 144 : 512) / 2048) / subcarrierSpacingHz;
}

/** `out[sc] += g·e^{−j2π·sc·Δf·τ}` for every symbol; `phase` holds the exponentials, `[2, nSc]`. */
function addTap(
  re: Float32Array,
  im: Float32Array,
  gains: Float64Array,
  phase: Float64Array,
  shape: { readonly nSym: number; readonly nSc: number },
): void {
  const { nSym, nSc } = shape;
  for (let l = 0; l < nSym; l++) {
    const gr = gains[l] as number;
    const gi = gains[nSym + l] as number;
    const row = l * nSc;
    for (let sc = 0; sc < nSc; sc++) {
      const c = phase[sc] as number;
      const s = phase[nSc + sc] as number;
      re[row + sc] = (re[row + sc] as number) + gr * c - gi * s;
      im[row + sc] = (im[row + sc] as number) + gr * s + gi * c;
    }
  }
}

/** `e^{−j·sc·step}` for sc = 0 … nSc−1 by recurrence, `[2, nSc]`. */
function fillPhase(phase: Float64Array, nSc: number, step: number): void {
  const c = Math.cos(step);
  const s = -Math.sin(step);
  let x = 1;
  let y = 0;
  for (let sc = 0; sc < nSc; sc++) {
    phase[sc] = x;
    phase[nSc + sc] = y;
    const next = x * c - y * s;
    y = x * s + y * c;
    x = next;
  }
}

/**
 * Draws one slot of a channel: frequency response at each subcarrier and OFDM symbol, constant within a
 * symbol, fading independently at each receive antenna, unit mean power.
 * @returns `[2·nRx, nSym, nSc]` float32.
 */
export function tdlChannel(options: TdlChannelOptions): Float32Array<ArrayBuffer> {
  const { nRx, nSym, nSc, rng, subcarrierSpacingHz = 30e3, cyclicPrefix = 'normal' } = options;
  const table = tapTable(options);
  requireNonNegative('dopplerHz', options.dopplerHz);
  const phaseStep = 2 * Math.PI * options.dopplerHz * symbolPeriodSeconds(subcarrierSpacingHz, cyclicPrefix);
  const plane = nSym * nSc;
  const channel = new Float32Array(2 * nRx * plane);
  const gains = new Float64Array(2 * nSym);
  const phase = new Float64Array(2 * nSc);
  for (let tap = 0; tap < table.powers.length; tap++) {
    const power = table.powers[tap] as number;
    fillPhase(phase, nSc, 2 * Math.PI * subcarrierSpacingHz * (table.delaysSeconds[tap] as number));
    for (let rx = 0; rx < nRx; rx++) {
      gains.fill(0);
      const addFading = table.lineOfSight && tap === 0 ? addLineOfSight : addRayleighTap;
      addFading(gains, nSym, power, phaseStep, rng);
      const re = channel.subarray(2 * rx * plane, (2 * rx + 1) * plane);
      const im = channel.subarray((2 * rx + 1) * plane, (2 * rx + 2) * plane);
      addTap(re, im, gains, phase, { nSym, nSc });
    }
  }
  return channel;
}
