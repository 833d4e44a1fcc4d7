/** Matrices as PNG. Runs in Node and in a page. */
import { encode } from 'fast-png';
import { type ColourScale, colourOf } from './colour-maps.js';

/** A matrix whose cells are drawn. */
export interface Plane {
  readonly rows: number;
  readonly columns: number;
  /** `[rows, columns]`, row by row from the top; NaN where there is nothing. */
  readonly values: ArrayLike<number>;
}

/** Pixels a cell becomes, whole numbers, so that cells keep sharp edges when the picture is scaled. */
export interface CellSize {
  readonly across: number;
  readonly down: number;
}

/** Enough pixels for each cell that the picture is not larger than `factor` of its place, and not smaller either. */
export function cellSizeFor(
  { rows, columns }: Pick<Plane, 'rows' | 'columns'>,
  place: { readonly width: number; readonly height: number },
  factor = 1.5,
): CellSize {
  return {
    across: Math.max(1, Math.ceil((factor * place.width) / columns)),
    down: Math.max(1, Math.ceil((factor * place.height) / rows)),
  };
}

/** How many columns that lie beside each other are one in a picture of this width, so that it has no more than it can show. */
export function columnsInOne(columns: number, width: number, factor = 1.5): number {
  return Math.max(1, Math.floor(columns / (factor * width)));
}

/** The means of so many columns beside each other, of those values that are no NaN; at the end they may be fewer. */
export function pooled(plane: Plane, each: number): Plane {
  if (each === 1) return plane;
  const { rows, columns, values } = plane;
  const fewer = Math.ceil(columns / each);
  const means = Float32Array.from({ length: rows * fewer }, (_, i) => {
    const [row, first] = [Math.floor(i / fewer), (i % fewer) * each];
    let [sum, count] = [0, 0];
    for (let column = first; column < Math.min(columns, first + each); column++) {
      const value = values[row * columns + column] as number;
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    return sum / count;
  });
  return { rows, columns: fewer, values: means };
}

/** Colours of a picture beside the transparent one: a byte a pixel makes a quarter of the bytes of four. */
const SHADES = 255;

/** The number in the palette: 0 is transparent, the rest go from the smallest to the largest value. */
function shadeOf({ min, max }: ColourScale, value: number): number {
  if (Number.isNaN(value)) return 0;
  const share = Math.min(1, Math.max(0, (value - min) / (max - min)));
  return 1 + Math.round(share * (SHADES - 1));
}

function paletteOf(scale: ColourScale): [number, number, number, number][] {
  const { min, max } = scale;
  const shades = Array.from({ length: SHADES }, (_, i): [number, number, number, number] => [
    ...colourOf(scale, min + (i / (SHADES - 1)) * (max - min)),
    255,
  ]);
  return [[0, 0, 0, 0], ...shades];
}

/** @returns a PNG as a data URI, in 255 shades of the scale; cells of NaN are transparent. */
export function pictureOf(plane: Plane, scale: ColourScale, cell: CellSize): string {
  const { rows, columns, values } = plane;
  const width = columns * cell.across;
  const data = new Uint8Array(width * rows * cell.down);
  for (let row = 0; row < rows; row++) {
    const start = width * row * cell.down;
    for (let column = 0; column < columns; column++) {
      const shade = shadeOf(scale, values[row * columns + column] as number);
      const from = start + column * cell.across;
      data.fill(shade, from, from + cell.across);
    }
    for (let i = 1; i < cell.down; i++) data.copyWithin(start + width * i, start, start + width);
  }
  const palette = paletteOf(scale);
  const png = encode({ width, height: rows * cell.down, data, channels: 1, depth: 8, palette });
  return `data:image/png;base64,${base64Of(png)}`;
}

/** `btoa` takes characters, and a call takes only so many arguments. */
function base64Of(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 8192)
    parts.push(String.fromCharCode(...bytes.subarray(i, i + 8192)));
  return btoa(parts.join(''));
}
