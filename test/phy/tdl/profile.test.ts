import { describe, expect, it } from 'vitest';
import { Random } from '#phy/random.js';
import { tapTable, tdlChannel } from '#phy/tdl/channel.js';
import { TDL_PROFILE_NAMES, TDL_PROFILES, type TdlProfileName } from '#phy/tdl/profiles.js';
import { tapEstimator } from '../helpers/taps.js';

const N_SC = 2048;
const N_RX = 4;
const DRAWS = 400;

interface MeasuredTaps {
  /** In units of the profile: delay spreads or nanoseconds. */
  readonly delays: readonly number[];
  /** Gains `[2, taps]` of each draw and antenna. */
  readonly gains: readonly Float64Array[];
}

/** Draws channels over a band that is wide enough to tell the taps apart, and measures the tap gains. */
function measureTaps(name: TdlProfileName): MeasuredTaps {
  const profile = TDL_PROFILES[name];
  const span = Math.max(...profile.delays);
  // All delays within 0.9 of the unambiguous range 1/spacing.
  const spacingInUnits = 0.9 / span;
  const fixed = profile.delayUnit === 'nanosecond';
  const unitSeconds = fixed ? 1e-9 : 100e-9;
  const estimator = tapEstimator(
    profile.delays.map((d) => d * spacingInUnits),
    N_SC,
  );
  const rng = Random.fromSeed(name);
  const gains: Float64Array[] = [];
  for (let i = 0; i < DRAWS; i++) {
    const channel = tdlChannel({
      profile: name,
      ...(fixed ? {} : { delaySpreadSeconds: unitSeconds }),
      dopplerHz: 50,
      subcarrierSpacingHz: spacingInUnits / unitSeconds,
      nRx: N_RX,
      nSym: 1,
      nSc: N_SC,
      rng,
    });
    for (let rx = 0; rx < N_RX; rx++) {
      const re = channel.subarray(2 * rx * N_SC, (2 * rx + 1) * N_SC);
      const im = channel.subarray((2 * rx + 1) * N_SC, (2 * rx + 2) * N_SC);
      gains.push(estimator.gains(re, im));
    }
  }
  return { delays: estimator.delays.map((d) => d / spacingInUnits), gains };
}

function meanPowers({ delays, gains }: MeasuredTaps): number[] {
  const n = delays.length;
  return delays.map(
    (_, tap) => gains.reduce((sum, g) => sum + (g[tap] ?? 0) ** 2 + (g[n + tap] ?? 0) ** 2, 0) / gains.length,
  );
}

/** Powers of the table at distinct delays, normalised; same delays are added. */
function tablePowers(name: TdlProfileName, delays: readonly number[]): number[] {
  const profile = TDL_PROFILES[name];
  const linear = profile.powersDb.map((db) => 10 ** (db / 10));
  const total = linear.reduce((a, b) => a + b, 0);
  return delays.map((delay) =>
    linear.reduce(
      (sum, p, i) => sum + (Math.abs((profile.delays[i] ?? 0) - delay) < 1e-6 ? p / total : 0),
      0,
    ),
  );
}

function rmsSpread(delays: readonly number[], powers: readonly number[]): number {
  const total = powers.reduce((a, b) => a + b, 0);
  const mean = delays.reduce((sum, d, i) => sum + d * (powers[i] ?? 0), 0) / total;
  return Math.sqrt(delays.reduce((sum, d, i) => sum + (d - mean) ** 2 * (powers[i] ?? 0), 0) / total);
}

/** Var(p)/mean(p)² of a tap's power: (2K + 1)/(1 + K)² for a Rician tap, 1 for a Rayleigh tap. */
function relativeVariance(powers: readonly number[]): number {
  const m2 = powers.reduce((a, b) => a + b, 0) / powers.length;
  const m4 = powers.reduce((a, b) => a + b * b, 0) / powers.length;
  return m4 / (m2 * m2) - 1;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + 2 * x * (b[i] ?? 0), 0) / a.length;
}

describe.each(TDL_PROFILE_NAMES)('%s', (name) => {
  const measured = measureTaps(name);
  const powers = meanPowers(measured);
  const expected = tablePowers(name, measured.delays);

  it('has the tap powers of its table', () => {
    expect(expected.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
    // Mean of 1600 exponentials: deviation 1/√1600 = 2.5 %; five of them over some twenty taps.
    powers.forEach((power, tap) => {
      expect(Math.abs(power / (expected[tap] ?? 0) - 1)).toBeLessThan(5 / Math.sqrt(measured.gains.length));
    });
  });

  it('has the delay spread of its table within 6 %, and unit power', () => {
    const ratio = rmsSpread(measured.delays, powers) / rmsSpread(measured.delays, expected);
    expect(Math.abs(ratio - 1)).toBeLessThan(0.06);
    expect(Math.abs(powers.reduce((a, b) => a + b, 0) - 1)).toBeLessThan(0.1);
  });

  it('has a first tap with the K-factor of its table', () => {
    const n = measured.delays.length;
    const { lineOfSight, powersDb } = TDL_PROFILES[name];
    const k = lineOfSight ? 10 ** (((powersDb[0] ?? 0) - (powersDb[1] ?? 0)) / 10) : 0;
    const variance = relativeVariance(measured.gains.map((g) => (g[0] ?? 0) ** 2 + (g[n] ?? 0) ** 2));
    // Five deviations for 1600 powers: 5·√(2/1600) when nearly Gaussian (0.8 dB of K), 5·√(8/1600) when
    // exponential.
    const tolerance = lineOfSight ? 0.18 : 0.35;
    expect(Math.abs(variance / ((2 * k + 1) / (1 + k) ** 2) - 1)).toBeLessThan(tolerance);
  });

  it('fades independently at each antenna and tap', () => {
    const n = measured.delays.length;
    const antennas = (rx: number, tap: number): number[] =>
      measured.gains
        .filter((_, i) => i % N_RX === rx)
        .map((g) => (g[tap] ?? 0) / Math.sqrt(expected[tap] ?? 1));
    const limit = 5 / Math.sqrt(DRAWS);
    expect(Math.abs(correlation(antennas(0, 0), antennas(1, 0)))).toBeLessThan(limit);
    expect(Math.abs(correlation(antennas(0, 1), antennas(0, n - 1)))).toBeLessThan(limit);
    expect(correlation(antennas(0, 1), antennas(0, 1))).toBeGreaterThan(limit);
  });
});

describe('tapTable', () => {
  it('has the published RMS delay spread', () => {
    const spreads: readonly (readonly [TdlProfileName, number])[] = [
      ['TDL-A', 100],
      ['TDL-B', 100],
      ['TDL-C', 100],
      ['TDL-D', 100],
      ['TDL-E', 100],
      ['TDL-A30', 30],
      ['TDL-B100', 100],
      ['TDL-C300', 300],
    ];
    for (const [profile, nanoseconds] of spreads) {
      const fixed = TDL_PROFILES[profile].delayUnit === 'nanosecond';
      const table = tapTable({ profile, dopplerHz: 0, ...(fixed ? {} : { delaySpreadSeconds: 100e-9 }) });
      const spread = rmsSpread([...table.delaysSeconds], [...table.powers]);
      // The tables are rounded: TDL-D has 0.994.
      expect(Math.abs((spread * 1e9) / nanoseconds - 1)).toBeLessThan(0.01);
      expect(table.delaysSeconds.length).toBe(table.powers.length);
    }
  });

  it('wants a delay spread exactly where the profile scales', () => {
    expect(() => tapTable({ profile: 'TDL-A', dopplerHz: 0 })).toThrow(
      'delaySpreadSeconds: expected a delay',
    );
    expect(() => tapTable({ profile: 'TDL-A', dopplerHz: 0, delaySpreadSeconds: -1 })).toThrow(
      'delaySpreadSeconds: expected a number ≥ 0, received -1',
    );
    expect(() => tapTable({ profile: 'TDL-A30', dopplerHz: 0, delaySpreadSeconds: 1e-7 })).toThrow(
      'TDL-A30 has fixed delays',
    );
    expect(() => tapTable({ profile: 'TDL-Z' as 'TDL-A', dopplerHz: 0 })).toThrow('profile: expected one of');
  });
});
