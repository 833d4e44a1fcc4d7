import { describe, expect, it } from 'vitest';
import { CRC_NAMES, type CrcName, crc, crcLength, crcMatches, writeWithCrc } from '#phy/coding/crc.js';
import { Random } from '#phy/random.js';
import { divisionRemainder } from './helpers/reference.js';

/** Exponents of the generator polynomials as TS 38.212 §5.1 prints them. */
const EXPONENTS: Record<CrcName, readonly number[]> = {
  CRC24A: [24, 23, 18, 17, 14, 11, 10, 7, 6, 5, 4, 3, 1, 0],
  CRC24B: [24, 23, 6, 5, 1, 0],
  CRC24C: [24, 23, 21, 20, 17, 15, 13, 12, 8, 4, 2, 1, 0],
  CRC16: [16, 12, 5, 0],
};

function generator(name: CrcName): number[] {
  const degree = EXPONENTS[name][0]!;
  return Array.from({ length: degree + 1 }, (_, i) => (EXPONENTS[name].includes(degree - i) ? 1 : 0));
}

describe.each(CRC_NAMES)('%s', (name) => {
  it('equals polynomial long division for every length up to 300 bits', () => {
    const rng = Random.fromSeed(name);
    for (let n = 1; n <= 300; n++) {
      const bits = rng.bits(n);
      const expected = Number.parseInt(divisionRemainder([...bits], generator(name)).join(''), 2);
      expect(crc(bits, name)).toBe(expected);
    }
  });

  it('leaves no remainder after attachment, and one after any single error or short burst', () => {
    const rng = Random.fromSeed(`${name} errors`);
    const word = new Uint8Array(213 + crcLength(name));
    writeWithCrc(rng.bits(213), name, word);
    expect(crcMatches(word, name)).toBe(true);
    for (let at = 0; at < word.length; at++) {
      for (const burst of [1, 0b11, 0b1011, 0b1000_0000_0000_0001]) {
        const hit = Uint8Array.from(
          word,
          (bit, i) => bit ^ (i < at ? 0 : (burst >> (i - at)) & (i - at < 16 ? 1 : 0)),
        );
        expect(crcMatches(hit, name)).toBe(false);
      }
    }
  });

  it('refuses a target that is too short', () => {
    expect(() => writeWithCrc(new Uint8Array(8), name, new Uint8Array(8 + crcLength(name) - 1))).toThrow(
      /^out: expected at least/,
    );
  });
});

describe('published check values of "123456789"', () => {
  const bits = Uint8Array.from(
    { length: 72 },
    (_, i) => (('1'.charCodeAt(0) + (i >> 3)) >> (7 - (i & 7))) & 1,
  );

  // Catalogue of parametrised CRC algorithms: CRC-24/LTE-A, CRC-24/LTE-B, CRC-16/XMODEM.
  it.each<[CrcName, number]>([
    ['CRC24A', 0xcde703],
    ['CRC24B', 0x23ef52],
    ['CRC16', 0x31c3],
  ])('%s', (name, value) => {
    expect(crc(bits, name)).toBe(value);
  });
});
