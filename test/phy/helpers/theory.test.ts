import { describe, expect, it } from 'vitest';
import { besselJ0, qamAwgnBer, qFunction, qpskRayleighBer } from './theory.js';

describe('theory helpers', () => {
  it('has tabulated values of Q', () => {
    expect(qFunction(0)).toBeCloseTo(0.5, 14);
    expect(qFunction(1)).toBeCloseTo(0.158655253931457, 13);
    expect(qFunction(-1)).toBeCloseTo(0.841344746068543, 13);
    expect(qFunction(2.999999) / qFunction(3.000001)).toBeCloseTo(1, 4);
    expect(qFunction(5) / 2.866515718791939e-7).toBeCloseTo(1, 9);
  });

  it('has tabulated values of J0', () => {
    expect(besselJ0(0)).toBeCloseTo(1, 14);
    expect(besselJ0(1)).toBeCloseTo(0.765197686557967, 12);
    expect(besselJ0(2.404825557695773)).toBeCloseTo(0, 12);
  });

  it('reduces to Q(√snr) for QPSK and to Q(3 points) for 16QAM', () => {
    expect(qamAwgnBer(2, 7)).toBeCloseTo(qFunction(Math.sqrt(10 ** 0.7)), 14);
    const x = Math.sqrt(10 ** 1.2 / 5);
    const expected = (3 * qFunction(x) + 2 * qFunction(3 * x) - qFunction(5 * x)) / 4;
    expect(qamAwgnBer(4, 12)).toBeCloseTo(expected, 14);
  });

  it('knows the single-branch Rayleigh form', () => {
    const g = 10 ** 1 / 2;
    expect(qpskRayleighBer(1, 10)).toBeCloseTo((1 - Math.sqrt(g / (1 + g))) / 2, 14);
    expect(qpskRayleighBer(2, 10)).toBeLessThan(qpskRayleighBer(1, 10));
  });
});
