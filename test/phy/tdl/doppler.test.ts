import { describe, expect, it } from 'vitest';
import { Random } from '#phy/random.js';
import { symbolPeriodSeconds, tdlChannel } from '#phy/tdl/channel.js';
import { TDL_PROFILES, type TdlProfileName } from '#phy/tdl/profiles.js';
import { addRayleighTap } from '#phy/tdl/tap-fading.js';
import { besselJ0 } from '../helpers/theory.js';

const N_SYM = 14;
const N_RX = 2;

/** Mean of `h(l)·h*(0)` over draws and antennas, `[nSym]` complex. */
function autocorrelation(profile: TdlProfileName, dopplerHz: number, draws: number): [number, number][] {
  const rng = Random.fromSeed(`${profile} ${dopplerHz}`);
  const sums = Array.from({ length: N_SYM }, (): [number, number] => [0, 0]);
  for (let i = 0; i < draws; i++) {
    const h = tdlChannel({ profile, delaySpreadSeconds: 0, dopplerHz, nRx: N_RX, nSym: N_SYM, nSc: 1, rng });
    for (let rx = 0; rx < N_RX; rx++) {
      const re = h.subarray(2 * rx * N_SYM);
      const im = h.subarray((2 * rx + 1) * N_SYM);
      const [r0, i0] = [re[0] ?? 0, im[0] ?? 0];
      sums.forEach((sum, l) => {
        const [rl, il] = [re[l] ?? 0, im[l] ?? 0];
        sum[0] += (rl * r0 + il * i0) / (draws * N_RX);
        sum[1] += (il * r0 - rl * i0) / (draws * N_RX);
      });
    }
  }
  return sums;
}

describe('Doppler', () => {
  it('spaces OFDM symbols as the numerology says', () => {
    // 14 symbols of 30 kHz fill 0.5 ms but for the 16κ of the long prefix: 16/30720000 s.
    expect(14 * symbolPeriodSeconds(30e3, 'normal')).toBeCloseTo(0.5e-3 - 16 / 30_720_000, 12);
    expect(12 * symbolPeriodSeconds(60e3, 'extended')).toBeCloseTo(0.25e-3, 12);
  });

  it.each<[TdlProfileName, number]>([
    ['TDL-A', 2000],
    ['TDL-B', 700],
  ])('%s at %d Hz has the autocorrelation J0(2π·f_D·τ)', (profile, dopplerHz) => {
    const draws = 2500;
    const measured = autocorrelation(profile, dopplerHz, draws);
    // Mean of 5000 products of unit Gaussians: deviation at most √(1/5000) a component.
    const tolerance = 5 / Math.sqrt(draws * N_RX);
    measured.forEach(([re, im], l) => {
      const x = 2 * Math.PI * dopplerHz * l * symbolPeriodSeconds(30e3, 'normal');
      expect(Math.abs(re - besselJ0(x))).toBeLessThan(tolerance);
      expect(Math.abs(im)).toBeLessThan(tolerance);
    });
    // It could fail: the correlation falls far below 1 within the slot.
    expect(Math.min(...measured.map(([re]) => re))).toBeLessThan(1 - 5 * tolerance);
  });

  it.each<TdlProfileName>(['TDL-D', 'TDL-E'])('%s has a line-of-sight path at 0.7·f_D', (profile) => {
    const dopplerHz = 1000;
    const draws = 1500;
    const linear = TDL_PROFILES[profile].powersDb.map((db) => 10 ** (db / 10));
    const los = (linear[0] ?? 0) / linear.reduce((a, b) => a + b, 0);
    const tolerance = 5 / Math.sqrt(draws * N_RX);
    autocorrelation(profile, dopplerHz, draws).forEach(([re, im], l) => {
      const x = 2 * Math.PI * dopplerHz * l * symbolPeriodSeconds(30e3, 'normal');
      expect(Math.abs(re - los * Math.cos(0.7 * x) - (1 - los) * besselJ0(x))).toBeLessThan(tolerance);
      expect(Math.abs(im - los * Math.sin(0.7 * x))).toBeLessThan(tolerance);
    });
  });

  it('does not move at 0 Hz', () => {
    const rng = Random.fromSeed(1);
    const h = tdlChannel({
      profile: 'TDL-D',
      delaySpreadSeconds: 1e-7,
      dopplerHz: 0,
      nRx: 1,
      nSym: 14,
      nSc: 12,
      rng,
    });
    for (let l = 1; l < 14; l++) expect(h.slice(l * 12, (l + 1) * 12)).toEqual(h.slice(0, 12));
    expect(h.some((x) => x !== h[0])).toBe(true);
  });

  it('is Rayleigh at every instant: E|h|⁴ = 2·(E|h|²)²', () => {
    const rng = Random.fromSeed(2);
    let m2 = 0;
    let m4 = 0;
    const n = 8000;
    for (let i = 0; i < n; i++) {
      const h = tdlChannel({ profile: 'TDL-A30', dopplerHz: 300, nRx: 1, nSym: 14, nSc: 1, rng });
      const power = (h[13] ?? 0) ** 2 + (h[27] ?? 0) ** 2;
      m2 += power / n;
      m4 += power ** 2 / n;
    }
    // Var|h|⁴ = 4! − 2² = 20; 5·√(20/8000) = 0.25, and the same again for m2².
    expect(Math.abs(m2 - 1)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(m4 / m2 ** 2 - 2)).toBeLessThan(0.25);
  });

  it('fades in amplitude within a slot: E[|h(l)|²·|h(0)|²] = 1 + J0² for one tap', () => {
    const rng = Random.fromSeed(3);
    const phaseStep = 0.4;
    const n = 8000;
    const products = new Float64Array(N_SYM);
    for (let i = 0; i < n; i++) {
      const h = new Float64Array(2 * N_SYM);
      addRayleighTap(h, N_SYM, 1, phaseStep, rng);
      const power = (l: number): number => (h[l] ?? 0) ** 2 + (h[N_SYM + l] ?? 0) ** 2;
      for (let l = 0; l < N_SYM; l++) products[l] = (products[l] ?? 0) + (power(l) * power(0)) / n;
    }
    // The variance of the product falls from 20 at l = 0 to 3 where J0 = 0.
    products.forEach((product, l) => {
      const j0 = besselJ0(phaseStep * l);
      expect(Math.abs(product - 1 - j0 ** 2)).toBeLessThan(5 * Math.sqrt((3 + 17 * j0 ** 2) / n));
    });
  });

  it('refuses a negative Doppler shift', () => {
    const rng = Random.fromSeed(1);
    expect(() => tdlChannel({ profile: 'TDL-A30', dopplerHz: -1, nRx: 1, nSym: 1, nSc: 1, rng })).toThrow(
      'dopplerHz: expected a number ≥ 0, received -1',
    );
  });
});
