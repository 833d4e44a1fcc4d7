/** A matrix as the pixels of a canvas, one each, and the numbers at its edges. */
import { type ColourScale, colourOf } from '../../chart/colour-maps.js';
import type { Plane } from '../../chart/picture.js';

/** @returns RGBA `[rows, columns, 4]`; cells of NaN are transparent */
export function pixelsOf(
  { rows, columns, values }: Plane,
  scale: ColourScale,
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * rows * columns);
  for (let i = 0; i < rows * columns; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value)) continue;
    pixels.set(colourOf(scale, value), 4 * i);
    pixels[4 * i + 3] = 255;
  }
  return pixels;
}

/**
 * Of a wide matrix so many columns, evenly spread but not in step: every n-th alone would show a comb of pilots
 * as all data, or as none. No means: of LLRs of either sign they say nothing.
 */
export function thinned(plane: Plane, most: number): Plane {
  const { rows, columns, values } = plane;
  if (columns <= most) return plane;
  const width = columns / most;
  const picked = Array.from({ length: most }, (_, i) => Math.floor((i + ((i * GOLDEN) % 1)) * width));
  return {
    rows,
    columns: most,
    values: Float32Array.from({ length: rows * most }, (_, i) => {
      return values[Math.floor(i / most) * columns + (picked[i % most] ?? 0)] as number;
    }),
  };
}

/** Its multiples, without their whole parts, fall into every part of the interval equally often, in no short period. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Of a colour bar: the largest value on top. */
export function barOf({ min, max }: ColourScale, rows: number): Plane {
  return {
    rows,
    columns: 1,
    values: Array.from({ length: rows }, (_, i) => max - ((i + 0.5) * (max - min)) / rows),
  };
}

/** Cells that get a number at the edge: round steps, resource blocks of twelve where there are many. */
export function edgeNumbers(count: number, most: number): readonly number[] {
  const step =
    [1, 2, 3, 4, 6, 12, 24, 48, 60, 120, 240, 480, 600, 1200].find((one) => count / one <= most) ?? 2400;
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
}

export interface Cell {
  readonly row: number;
  readonly column: number;
}

const MOVES: Readonly<Record<string, readonly [down: number, across: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  PageUp: [0, -12],
  PageDown: [0, 12],
};

/** The cell that a key leads to, within the matrix; undefined for a key that leads nowhere. */
export function movedBy(key: string, { rows, columns }: Plane, from: Cell | undefined): Cell | undefined {
  if (key === 'Home') return { row: from?.row ?? 0, column: 0 };
  if (key === 'End') return { row: from?.row ?? 0, column: columns - 1 };
  const move = MOVES[key];
  if (move === undefined) return undefined;
  if (from === undefined) return { row: 0, column: 0 };
  return {
    row: Math.min(rows - 1, Math.max(0, from.row + move[0])),
    column: Math.min(columns - 1, Math.max(0, from.column + move[1])),
  };
}
