import { describe, expect, it } from 'vitest';
import { goldSequence } from '#nr/gold.js';

/** TS 38.211 §5.2.1 word for word: two arrays, one bit a step. */
function bitSerialGold(cInit: number, length: number): number[] {
  const nc = 1600;
  const x1 = [1, ...Array.from({ length: 30 }, () => 0)];
  const x2 = Array.from({ length: 31 }, (_, i) => Math.floor(cInit / 2 ** i) % 2);
  for (let n = 0; n < nc + length; n++) {
    x1.push(((x1[n + 3] ?? 0) + (x1[n] ?? 0)) % 2);
    x2.push(((x2[n + 3] ?? 0) + (x2[n + 2] ?? 0) + (x2[n + 1] ?? 0) + (x2[n] ?? 0)) % 2);
  }
  return Array.from({ length }, (_, n) => ((x1[n + nc] ?? 0) + (x2[n + nc] ?? 0)) % 2);
}

describe('goldSequence', () => {
  it.each([0, 1, 2, 0x5555_5555, 0x7fff_ffff, 3_932_177])(
    'equals the bit-serial definition for c_init %i',
    (cInit) => {
      for (const length of [0, 1, 27, 28, 29, 31, 1000]) {
        expect([...goldSequence(cInit, length)]).toEqual(bitSerialGold(cInit, length));
      }
    },
  );

  it('gives the published start of a PDSCH scrambling sequence', () => {
    // MathWorks, nrPDSCHPRBS example: nid 17, rnti 120, q 0; c_init = rnti·2^15 + q·2^14 + nid (§7.3.1.1).
    expect([...goldSequence(120 * 2 ** 15 + 17, 10)].join('')).toBe('0110110100');
  });

  it('is balanced', () => {
    const ones = goldSequence(12345, 100_000).reduce((sum, bit) => sum + bit, 0);
    // Five standard deviations of a fair coin: 5·√(n/4).
    expect(Math.abs(ones - 50_000)).toBeLessThan(790);
  });

  it.each([-1, 2 ** 31, 0.5, Number.NaN])('refuses c_init %d', (cInit) => {
    expect(() => goldSequence(cInit, 8)).toThrow('cInit: expected an integer from 0 to 2^31-1');
  });

  it('refuses a negative length', () => {
    expect(() => goldSequence(1, -1)).toThrow('length: expected a non-negative integer, received -1');
  });
});
