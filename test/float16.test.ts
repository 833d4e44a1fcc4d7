import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLOAT16_MAX, decodeFloat16, encodeFloat16 } from '#float16.js';
import { elementAt } from './engine/helpers/element-at.js';

function encode(value: number): number {
  const out = new Uint16Array(1);
  encodeFloat16(Float32Array.of(value), out);
  return elementAt(out, 0);
}

/** Every finite binary16 magnitude in ascending order: the index is the bit pattern. */
const MAGNITUDES = Array.from({ length: 0x7c00 }, (_, bits) => decodeFloat16(bits));

/** Nearest representable value by search, ties to the even pattern, saturating. */
function reference(value: number): number {
  const magnitude = Math.min(Math.abs(value), FLOAT16_MAX);
  let low = 0;
  let high = MAGNITUDES.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (elementAt(MAGNITUDES, middle) <= magnitude) low = middle;
    else high = middle;
  }
  const below = magnitude - elementAt(MAGNITUDES, low);
  const above = elementAt(MAGNITUDES, high) - magnitude;
  const nearest = below < above || (below === above && low % 2 === 0) ? low : high;
  return nearest | (Object.is(Math.sign(value), -1) || Object.is(value, -0) ? 0x8000 : 0);
}

describe('encodeFloat16', () => {
  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65520, 0x7bff], // would round to infinity
    [1e30, 0x7bff],
    [Number.NEGATIVE_INFINITY, 0xfbff],
    [2 ** -24, 0x0001], // smallest subnormal
    [2 ** -25, 0x0000], // a tie: to even
    [3 * 2 ** -25, 0x0002], // a tie: to even
    [2 ** -14 - 2 ** -24, 0x03ff], // largest subnormal
    [2 ** -14 - 2 ** -25, 0x0400], // a tie that becomes normal
    [2 ** -14, 0x0400],
    [1 + 2 ** -11, 0x3c00], // a tie: to even
    [1 + 3 * 2 ** -11, 0x3c02], // a tie: to even
  ])('encodes %d', (value, bits) => {
    expect(encode(value)).toBe(bits);
  });

  it('keeps NaN a NaN', () => {
    expect(decodeFloat16(encode(Number.NaN))).toBeNaN();
  });

  it('gives back every finite binary16 value', () => {
    for (const [bits, value] of MAGNITUDES.entries()) {
      expect(encode(value)).toBe(bits);
      expect(encode(-value)).toBe(bits | 0x8000);
    }
  });

  it('rounds to the nearest value, ties to even', () => {
    const nearRange = fc.double({ min: -70_000, max: 70_000, noNaN: true }).map(Math.fround);
    const tiny = fc.double({ min: -(2 ** -13), max: 2 ** -13, noNaN: true }).map(Math.fround);
    fc.assert(
      fc.property(fc.oneof(nearRange, tiny, fc.float({ noNaN: true })), (value) => {
        expect(encode(value)).toBe(reference(value));
      }),
      { seed: 1, numRuns: 5_000 },
    );
  });
});
