import { describe, expect, it } from 'vitest';
import {
  colourOf,
  DIVERGING,
  divergingScale,
  type Rgb,
  SEQUENTIAL,
  sequentialScale,
  textColourOn,
} from '#chart/colour-maps.js';

/** CIE 1976 lightness L* of an sRGB colour. */
function lightness(colour: Rgb): number {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return luminance > 0.008856 ? 116 * Math.cbrt(luminance) - 16 : 903.3 * luminance;
}
const steps = (count: number): number[] => Array.from({ length: count + 1 }, (_, i) => i / count);

describe('colour maps', () => {
  it('the sequential one grows lighter by equal steps', () => {
    const values = steps(20).map((share) => lightness(SEQUENTIAL(share)));
    const growth = values.slice(1).map((value, i) => value - (values[i] as number));
    const mean = growth.reduce((sum, step) => sum + step, 0) / growth.length;
    for (const step of growth) expect(Math.abs(step - mean)).toBeLessThan(0.3 * mean);
    expect(mean).toBeGreaterThan(3);
  });

  it('the diverging one goes from blue over white to red, equally fast on both sides', () => {
    expect(DIVERGING(0.5)).toEqual([255, 255, 255]);
    expect(DIVERGING(0)).toEqual([5, 48, 97]);
    expect(DIVERGING(1)).toEqual([103, 0, 31]);
    for (const share of steps(10)) {
      const difference = lightness(DIVERGING(0.5 - share / 2)) - lightness(DIVERGING(0.5 + share / 2));
      expect(Math.abs(difference)).toBeLessThan(8);
    }
  });

  it('end where their values end', () => {
    expect(SEQUENTIAL(-3)).toEqual(SEQUENTIAL(0));
    expect(SEQUENTIAL(7)).toEqual(SEQUENTIAL(1));
  });
});

describe('scales', () => {
  it('have zero in the middle and round ends, whatever the values', () => {
    const scale = divergingScale('x', [-7.3, 2, Number.NaN]);
    expect(scale).toMatchObject({ min: -8, max: 8 });
    expect(colourOf(scale, 0)).toEqual([255, 255, 255]);
    expect(divergingScale('x', [0, 0])).toMatchObject({ min: -1, max: 1 });
    expect(divergingScale('x', [1], 3)).toMatchObject({ min: -3, max: 3 });
  });

  it('hold all values between round ends, or the ends that are given', () => {
    const scale = sequentialScale('x', [0.013, 0.187]);
    expect(scale.min).toBeCloseTo(0.01, 10);
    expect(scale.max).toBeCloseTo(0.19, 10);
    expect(sequentialScale('x', [0.2, 0.3], { min: 0, max: 1 })).toMatchObject({ min: 0, max: 1 });
    expect(sequentialScale('x', [4, 4])).toMatchObject({ min: 4, max: 5 });
    expect(sequentialScale('x', [])).toMatchObject({ min: 0, max: 1 });
  });

  it('carry text of a contrast of at least 4.5', () => {
    for (const map of [SEQUENTIAL, DIVERGING])
      for (const share of steps(50)) {
        const colour = map(share);
        const text = textColourOn(colour) === '#000000' ? 0 : 1;
        const back = ((lightness(colour) + 16) / 116) ** 3;
        const [high, low] = [Math.max(text, back), Math.min(text, back)];
        expect((high + 0.05) / (low + 0.05)).toBeGreaterThan(4.4);
      }
  });
});
