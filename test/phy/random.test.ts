import { describe, expect, it } from 'vitest';
import { Random } from '#phy/random.js';

function draw(n: number, f: () => number): Float64Array {
  return Float64Array.from({ length: n }, f);
}

function mean(values: Float64Array, f: (x: number) => number = (x) => x): number {
  return values.reduce((sum, x) => sum + f(x), 0) / values.length;
}

/** The first four draws of a seed. */
function first(seed: number | string): string {
  const rng = Random.fromSeed(seed);
  return Array.from({ length: 4 }, () => rng.int32()).join();
}

describe('Random', () => {
  it('repeats a seed and separates neighbouring seeds', () => {
    expect(first(7)).toBe(first(7));
    const seeds = [0, 1, -1, 2, 2 ** 32, 2 ** 32 + 1, 2 ** 40, '0', '1', '', 'a', 'b', 'ab', 'ba'];
    expect(new Set(seeds.map(first)).size).toBe(seeds.length);
  });

  it('keeps its streams from one release to the next', () => {
    const rng = Random.fromSeed(1);
    expect([rng.int32(), rng.int32(), rng.int32()]).toMatchInlineSnapshot(`
      [
        -903976441,
        -533466214,
        1510806512,
      ]
    `);
  });

  it('forks by label, whatever was drawn before', () => {
    const used = Random.fromSeed(3);
    for (let i = 0; i < 5; i++) used.normal();
    expect(used.fork('noise').int32()).toBe(Random.fromSeed(3).fork('noise').int32());
    const rng = Random.fromSeed(3);
    const firsts = [rng.fork(0), rng.fork(1), rng.fork('0'), rng.fork(0).fork(0), rng].map((r) => r.int32());
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  it('has forks that do not correlate with each other or the parent', () => {
    const n = 50_000;
    const parent = Random.fromSeed(5);
    const streams = [parent.fork(0), parent.fork(1), parent].map((r) => draw(n, () => r.normal()));
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < i; j++) {
        const product = (streams[i] ?? draw(0, () => 0)).map((x, k) => x * (streams[j]?.[k] ?? 0));
        expect(Math.abs(mean(product))).toBeLessThan(5 / Math.sqrt(n));
      }
    }
  });

  it('is uniform in [0, 1)', () => {
    const n = 200_000;
    const rng = Random.fromSeed(11);
    const counts = new Float64Array(100);
    for (let i = 0; i < n; i++) {
      const cell = Math.floor(rng.uniform() * 100);
      counts[cell] = (counts[cell] ?? Number.NaN) + 1;
    }
    const chiSquare = counts.reduce((sum, c) => sum + (c - n / 100) ** 2 / (n / 100), 0);
    // 99 degrees of freedom: mean 99, deviation 14; both tails.
    expect(chiSquare).toBeGreaterThan(99 - 4 * 14);
    expect(chiSquare).toBeLessThan(99 + 5 * 14);
  });

  it('draws integers without bias and refuses empty ranges', () => {
    const n = 90_000;
    const rng = Random.fromSeed(12);
    const counts = new Float64Array(9);
    for (let i = 0; i < n; i++) {
      const k = rng.integer(9);
      counts[k] = (counts[k] ?? Number.NaN) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt(10_000));
    expect(rng.integer(1)).toBe(0);
    for (const bad of [0, -1, 1.5, 2 ** 33]) expect(() => rng.integer(bad)).toThrow('n: expected an integer');
  });

  it('draws standard Gaussians', () => {
    const n = 400_000;
    const rng = Random.fromSeed(13);
    const x = draw(n, () => rng.normal());
    expect(x.every(Number.isFinite)).toBe(true);
    // Five deviations of each sample moment: Var x = 1, Var x² = 2, Var x³ = 15, Var x⁴ = 96.
    expect(Math.abs(mean(x))).toBeLessThan(5 * Math.sqrt(1 / n));
    expect(Math.abs(mean(x, (v) => v ** 2) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(mean(x, (v) => v ** 3))).toBeLessThan(5 * Math.sqrt(15 / n));
    expect(Math.abs(mean(x, (v) => v ** 4) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
    // P(|x| > 3) = 0.0026998
    const tail = mean(x, (v) => (Math.abs(v) > 3 ? 1 : 0));
    expect(Math.abs(tail - 0.0026998)).toBeLessThan(5 * Math.sqrt(0.0027 / n));
    const lag = x.map((v, i) => v * (x[i + 1] ?? 0));
    expect(Math.abs(mean(lag))).toBeLessThan(5 * Math.sqrt(1 / n));
  });

  it('draws fair bits', () => {
    const bits = Random.fromSeed(14).bits(100_001);
    expect(bits.every((b) => b === 0 || b === 1)).toBe(true);
    const ones = bits.reduce((sum, b) => sum + b, 0);
    expect(Math.abs(ones - 50_000)).toBeLessThan(790);
  });
});
