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

/** @returns a PNG as a data URI; cells of NaN are transparent. */
export function pictureOf(plane: Plane, scale: ColourScale, cell: CellSize): string {
  const { rows, columns, values } = plane;
  const width = columns * cell.across;
  const data = new Uint8Array(4 * width * rows * cell.down);
  for (let row = 0; row < rows; row++) {
    const start = 4 * width * row * cell.down;
    for (let column = 0; column < columns; column++) {
      const value = values[row * columns + column] as number;
      if (Number.isNaN(value)) continue;
      const pixel = [...colourOf(scale, value), 255];
      for (let i = 0; i < cell.across; i++) data.set(pixel, start + 4 * (column * cell.across + i));
    }
    for (let i = 1; i < cell.down; i++) data.copyWithin(start + 4 * width * i, start, start + 4 * width);
  }
  const png = encode({ width, height: rows * cell.down, data, channels: 4, depth: 8 });
  return `data:image/png;base64,${base64Of(png)}`;
}

/** `btoa` takes characters, and a call takes only so many arguments. */
function base64Of(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 8192)
    parts.push(String.fromCharCode(...bytes.subarray(i, i + 8192)));
  return btoa(parts.join(''));
}
