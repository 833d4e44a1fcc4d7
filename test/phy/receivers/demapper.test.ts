import { describe, expect, it } from 'vitest';
import { bitsPerSymbol, constellation, MODULATIONS, modulate, type Modulation } from '#nr/qam.js';
import { Random } from '#phy/random.js';
import { demap } from '#phy/receivers/demapper.js';

/** Log-MAP or max-log over the whole two-dimensional constellation, with the largest term taken out. */
function bruteForce(
  re: number,
  im: number,
  variance: number,
  modulation: Modulation,
  exact: boolean,
): number[] {
  const qm = bitsPerSymbol(modulation);
  const points = constellation(modulation);
  const size = 2 ** qm;
  const metric = Array.from(
    { length: size },
    (_, i) => -((re - (points[i] ?? 0)) ** 2 + (im - (points[size + i] ?? 0)) ** 2) / variance,
  );
  return Array.from({ length: qm }, (_, b) => {
    const [zero = 0, one = 0] = [0, 1].map((value) => {
      const subset = metric.filter((__, i) => ((i >> (qm - 1 - b)) & 1) === value);
      const best = Math.max(...subset);
      return exact ? best + Math.log(subset.reduce((sum, m) => sum + Math.exp(m - best), 0)) : best;
    });
    return zero - one;
  });
}

/** Random points around the constellation with random noise variances between 10 and −35 dB. */
function randomSymbols(
  n: number,
  seed: number,
): { symbols: Float32Array<ArrayBuffer>; noiseVariance: Float32Array<ArrayBuffer> } {
  const rng = Random.fromSeed(seed);
  return {
    symbols: Float32Array.from({ length: 2 * n }, () => rng.normal()),
    noiseVariance: Float32Array.from({ length: n }, () => 10 ** (1 - 4.5 * rng.uniform())),
  };
}

describe.each(MODULATIONS)('demap %s', (modulation) => {
  const qm = bitsPerSymbol(modulation);

  it.each(['exact', 'max-log'] as const)('%s equals the brute-force sum', (method) => {
    const n = 300;
    const equalised = randomSymbols(n, qm);
    const llrs = demap(equalised, modulation, method);
    expect(llrs.length).toBe(n * qm);
    for (let i = 0; i < n; i++) {
      const [re, im] = [equalised.symbols[i] ?? 0, equalised.symbols[n + i] ?? 0];
      const expected = bruteForce(re, im, equalised.noiseVariance[i] ?? 1, modulation, method === 'exact');
      expected.forEach((llr, b) => {
        // float32 in, float32 out: 1e-5 relative, 1e-5 absolute near zero.
        expect(Math.abs((llrs[i * qm + b] ?? Number.NaN) - llr)).toBeLessThan(1e-5 + 1e-5 * Math.abs(llr));
      });
    }
  });

  it('gives the sent bits without noise, and stays finite far out', () => {
    const bits = Random.fromSeed(4).bits(200 * qm);
    const noiseVariance = new Float32Array(200).fill(1e-6);
    const llrs = demap({ symbols: modulate(bits, modulation), noiseVariance }, modulation);
    bits.forEach((bit, i) => expect((llrs[i] ?? 0) > 0).toBe(bit === 0));
    expect(llrs.every(Number.isFinite)).toBe(true);
  });

  it('is nearly max-log at high SNR and is not at low SNR', () => {
    const n = 500;
    const rng = Random.fromSeed(6);
    const symbols = modulate(rng.bits(n * qm), modulation);
    const gap = (variance: number): number => {
      const noisy = symbols.map((x) => x + Math.sqrt(variance / 2) * rng.normal());
      const equalised = { symbols: noisy, noiseVariance: new Float32Array(n).fill(variance) };
      const exact = demap(equalised, modulation, 'exact');
      const maxLog = demap(equalised, modulation, 'max-log');
      return exact.reduce(
        (most, x, i) => Math.max(most, Math.abs(x - (maxLog[i] ?? 0)) / (1 + Math.abs(x))),
        0,
      );
    };
    // 45 dB: the runner-up term is far down for all but symbols next to a boundary; ln 2 bounds the rest.
    expect(gap(10 ** -4.5)).toBeLessThan(0.02);
    expect(gap(1) > 0.05).toBe(modulation !== 'QPSK');
  });
});

describe('demap', () => {
  it('scales QPSK as 2√2·y/N0', () => {
    const llrs = demap({ symbols: Float32Array.of(0.5, -0.25), noiseVariance: Float32Array.of(0.1) }, 'QPSK');
    expect(llrs[0]).toBeCloseTo((2 * Math.SQRT2 * 0.5) / 0.1, 4);
    expect(llrs[1]).toBeCloseTo((2 * Math.SQRT2 * -0.25) / 0.1, 4);
  });

  it('refuses planes of different lengths', () => {
    const noiseVariance = new Float32Array(2);
    expect(() => demap({ symbols: new Float32Array(3), noiseVariance }, 'QPSK')).toThrow(
      'symbols: expected 2 x 2 values, received 3 values',
    );
  });
});
