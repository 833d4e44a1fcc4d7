import { describe, expect, it } from 'vitest';
import { scramble, scramblingSequence } from '#phy/coding/scrambling.js';
import { Random } from '#phy/random.js';

/** TS 38.211 §5.2.1 by its recursions. */
function gold(cInit: number, length: number): number[] {
  const total = 1600 + length + 31;
  const x1 = new Uint8Array(total);
  const x2 = new Uint8Array(total);
  x1[0] = 1;
  for (let i = 0; i < 31; i++) x2[i] = Math.floor(cInit / 2 ** i) % 2;
  for (let n = 0; n + 31 < total; n++) {
    x1[n + 31] = x1[n + 3]! ^ x1[n]!;
    x2[n + 31] = x2[n + 3]! ^ x2[n + 2]! ^ x2[n + 1]! ^ x2[n]!;
  }
  return Array.from({ length }, (_, n) => x1[n + 1600]! ^ x2[n + 1600]!);
}

describe('scrambling', () => {
  it.each([
    [0, 0, 0],
    [1, 0, 0],
    [0x4601, 500, 0],
    [65_535, 1023, 1],
  ] as const)('uses c_init of RNTI %i, n_ID %i, codeword %i', (rnti, nId, codeword) => {
    const cInit = rnti * 32_768 + codeword * 16_384 + nId;
    expect([...scramblingSequence({ rnti, nId, codeword }, 500)]).toEqual(gold(cInit, 500));
  });

  it('is an involution and changes about half the bits', () => {
    const bits = Random.fromSeed(3).bits(10_001);
    const copy = bits.slice();
    scramble(copy, { rnti: 4660, nId: 77 });
    const changed = copy.reduce((count, bit, i) => count + (bit ^ bits[i]!), 0);
    expect(Math.abs(changed - 5000)).toBeLessThan(250);
    scramble(copy, { rnti: 4660, nId: 77 });
    expect(copy).toEqual(bits);
  });

  it('names what does not fit', () => {
    expect(() => scramblingSequence({ rnti: 65_536, nId: 0 }, 1)).toThrow(/^rnti: /);
    expect(() => scramblingSequence({ rnti: 0, nId: 1024 }, 1)).toThrow(/^nId: /);
    expect(() => scramblingSequence({ rnti: 0, nId: 0, codeword: 2 as 1 }, 1)).toThrow(/^codeword: /);
  });
});
