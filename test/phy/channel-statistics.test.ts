import { describe, expect, it } from 'vitest';
import { type ChannelConfig, type ChannelGeometry, drawChannel } from '#phy/channel.js';
import { besselJ0, channelCovariance, channelStatistics } from '#phy/channel-statistics.js';
import { Random } from '#phy/random.js';
import type { TdlProfileName } from '#phy/tdl/profiles.js';
import { covariance } from './helpers/covariance.js';
import { besselJ0 as referenceJ0 } from './helpers/theory.js';

/** Wide subcarriers, so that the channel changes over the few that there are. */
const GEOMETRY: ChannelGeometry = {
  nRx: 2,
  nSym: 14,
  nSc: 24,
  subcarrierSpacingHz: 120e3,
  cyclicPrefix: 'normal',
};
const PLANE = GEOMETRY.nSym * GEOMETRY.nSc;
/** In the middle, so that lags of both signs occur. */
const [SYMBOL, SUBCARRIER] = [5, 8];

/** Largest distance between the mean of `h·h*(reference)` over draws and the covariance, over all elements. */
function largestDeviation(config: ChannelConfig, stated: ChannelConfig, draws: number): number {
  const rng = Random.fromSeed(`covariance ${JSON.stringify(config)}`);
  const sums = new Float64Array(2 * PLANE);
  for (let i = 0; i < draws; i++) {
    const h = drawChannel(config, GEOMETRY, rng);
    for (let rx = 0; rx < GEOMETRY.nRx; rx++) {
      const [re, im] = [h.subarray(2 * rx * PLANE), h.subarray((2 * rx + 1) * PLANE)];
      const at = SYMBOL * GEOMETRY.nSc + SUBCARRIER;
      const [r0, i0] = [re[at] as number, im[at] as number];
      for (let k = 0; k < PLANE; k++) {
        const [rk, ik] = [re[k] as number, im[k] as number];
        sums[k] = (sums[k] as number) + (rk * r0 + ik * i0) / (GEOMETRY.nRx * draws);
        sums[PLANE + k] = (sums[PLANE + k] as number) + (ik * r0 - rk * i0) / (GEOMETRY.nRx * draws);
      }
    }
  }
  const statistics = channelStatistics(stated, GEOMETRY);
  let largest = 0;
  for (let k = 0; k < PLANE; k++) {
    const lags = [Math.floor(k / GEOMETRY.nSc) - SYMBOL, (k % GEOMETRY.nSc) - SUBCARRIER] as const;
    const [re, im] = covariance(statistics, ...lags);
    const distance = Math.hypot((sums[k] as number) - re, (sums[PLANE + k] as number) - im);
    largest = Math.max(largest, distance);
  }
  return largest;
}

const tdl = (profile: TdlProfileName, dopplerHz: number): ChannelConfig => ({
  profile,
  delaySpreadSeconds: 200e-9,
  dopplerHz,
});

describe('channel statistics', () => {
  const draws = 2000;
  // Products of unit Gaussians have unit variance; 4000 of them, seeded; the largest of 336 stays below 4.5 deviations.
  const tolerance = 4.5 / Math.sqrt(2 * draws);

  it.each([
    ['TDL-A', 4000],
    ['TDL-C', 0],
    ['TDL-D', 4000],
    ['TDL-E', 2000],
  ] as const)('of %s at %d Hz are those of the simulated channel', (profile, dopplerHz) => {
    const config = tdl(profile, dopplerHz);
    expect(largestDeviation(config, config, draws)).toBeLessThan(tolerance);
  });

  it('are compared by a check that sees another Doppler shift and another delay spread', () => {
    expect(largestDeviation(tdl('TDL-D', 4000), tdl('TDL-D', 3000), draws)).toBeGreaterThan(2 * tolerance);
    const wider = { profile: 'TDL-A', delaySpreadSeconds: 300e-9, dopplerHz: 4000 } as const;
    expect(largestDeviation(tdl('TDL-A', 4000), wider, draws)).toBeGreaterThan(2 * tolerance);
  });

  it.each(['rayleigh', 'awgn'] as const)('of %s are flat', (config) => {
    const statistics = channelStatistics(config, GEOMETRY);
    for (const [symbols, subcarriers] of [
      [0, 0],
      [13, 0],
      [-2, 11],
    ] as const)
      expect(covariance(statistics, symbols, subcarriers).map(Math.abs)).toEqual([1, 0]);
  });

  it('do not exist where resource elements are independent', () => {
    expect(() => channelStatistics('rayleigh-iid', GEOMETRY)).toThrow(
      'channel: expected one that is correlated between resource elements, received rayleigh-iid',
    );
  });

  it.each(['TDL-B', 'TDL-D'] as const)('of %s are tabulated for lags of either sign', (profile) => {
    const statistics = channelStatistics(tdl(profile, 1000), GEOMETRY);
    const table = channelCovariance(statistics, GEOMETRY.nSc);
    for (const symbols of [-13, -1, 0, 4]) {
      for (const subcarriers of [-23, 0, 2, 23]) {
        const [re, im] = covariance(statistics, symbols, subcarriers);
        expect(table.re(symbols, subcarriers)).toBeCloseTo(re, 12);
        expect(table.im(symbols, subcarriers)).toBeCloseTo(im, 12);
      }
    }
  });
});

describe('besselJ0', () => {
  it('has tabulated values, near and far', () => {
    expect(besselJ0(0)).toBe(1);
    expect(besselJ0(1)).toBeCloseTo(0.765197686557967, 13);
    // Abramowitz and Stegun, Table 9.1 and the zeros of Table 9.5.
    expect(besselJ0(17.5)).toBeCloseTo(-0.1031103982, 9);
    expect(besselJ0(30.6346064684)).toBeCloseTo(0, 9);
    for (let x = 0; x < 60; x += 0.7) expect(besselJ0(-x)).toBeCloseTo(referenceJ0(x), 12);
  });
});
