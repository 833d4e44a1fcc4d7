/** Colours for values, and matrices as pictures of them. */

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** The colour of a share from 0 to 1; what lies beyond has the colour of the end, NaN that of the start. */
export type ColourMap = (share: number) => Rgb;

function mapOf(stops: string): ColourMap {
  const colours = stops.split(' ').map((hex): Rgb => {
    const value = Number.parseInt(hex, 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  });
  const last = colours.length - 1;
  return (share) => {
    const place = Math.min(1, Math.max(0, share || 0)) * last;
    const below = Math.min(last - 1, Math.floor(place));
    const [from, to] = [colours[below] as Rgb, colours[below + 1] as Rgb];
    const mix = (i: 0 | 1 | 2) => Math.round(from[i] + (place - below) * (to[i] - from[i]));
    return [mix(0), mix(1), mix(2)];
  };
}

/** Viridis (van der Walt and Smith, 2015): equal steps of the value are equal steps to the eye, dark to light. */
export const SEQUENTIAL = mapOf(
  '440154 482475 414487 355f8d 2a788e 21918c 22a884 44bf70 7ad151 bddf26 fde725',
);

/** Blue, white, red: ColorBrewer's RdBu, reversed, with plain white for zero. */
export const DIVERGING = mapOf(
  '053061 2166ac 4393c3 92c5de d1e5f0 ffffff fddbc7 f4a582 d6604d b2182b 67001f',
);

/** What the colours of a map stand for. */
export interface ColourScale {
  readonly map: ColourMap;
  readonly min: number;
  readonly max: number;
  /** Of the value, with its unit: `LLR of b0`. */
  readonly name: string;
  /** Least step between two labels: 1 for whole numbers. */
  readonly step?: number;
}

/** From the smallest to the largest value in round numbers, or between given ends; NaN does not count. */
export function sequentialScale(
  name: string,
  values: Iterable<number>,
  ends: { readonly min?: number; readonly max?: number } = {},
): ColourScale {
  const [low, high] = extentOf(values);
  const unit = roundUp((high - low || 1) / 20);
  const min = ends.min ?? Math.floor(low / unit) * unit;
  const max = ends.max ?? Math.ceil(high / unit) * unit;
  return { map: SEQUENTIAL, min, max: max > min ? max : min + 1, name };
}

/** Zero is white, both ends as far from it as the value of largest magnitude, rounded up, or as `limit`. */
export function divergingScale(name: string, values: Iterable<number>, limit?: number): ColourScale {
  const [low, high] = extentOf(values);
  const reach = limit ?? roundUp(Math.max(Math.abs(low), Math.abs(high)) || 1);
  return { map: DIVERGING, min: -reach, max: reach, name };
}

/** The next of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten. */
function roundUp(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value));
  const share = value / decade - 1e-9;
  return ([1, 1.5, 2, 2.5, 3, 4, 5, 6, 8].find((step) => step >= share) ?? 10) * decade;
}

function extentOf(values: Iterable<number>): [min: number, max: number] {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return min <= max ? [min, max] : [0, 1];
}

export function colourOf({ map, min, max }: ColourScale, value: number): Rgb {
  return map((value - min) / (max - min));
}

/** White that stays white on a dark surface: the surface's own is exchanged there. */
export const STAYS_WHITE = '#fffffe';

/** Black or white, whichever is the easier to read on a colour: WCAG's relative luminance decides. */
export function textColourOn(colour: Rgb): string {
  const [r, g, b] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  // Contrast with black is (L + 0.05)/0.05, with white 1.05/(L + 0.05): equal at L = 0.179.
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? '#000000' : STAYS_WHITE;
}
