/** Many small maps side by side in one large one. */
import type { Plane } from '../../chart/picture.js';

export interface MosaicLayout {
  readonly tile: { readonly rows: number; readonly columns: number };
  /** Tiles beside each other. */
  readonly across: number;
  /** Tiles one below the other. */
  readonly down: number;
}

/** Empty cells between two tiles: rows, and columns. Where many lie beside each other, cells are narrow and it takes more of them. */
export const ROW_GAP = 1;
const gapBeside = ({ tile, across }: Pick<MosaicLayout, 'tile' | 'across'>): number =>
  Math.max(1, Math.round((tile.columns * across) / 128));

/** How much an empty place counts beside a wrong proportion. */
const EMPTY_WEIGHT = 6;

/** Places so many tiles beside each other that the mosaic comes close to a proportion of width to height, without holes. */
export function mosaicLayout(count: number, tile: MosaicLayout['tile'], proportion: number): MosaicLayout {
  const layouts = Array.from({ length: Math.max(1, count) }, (_, i): MosaicLayout => {
    const across = i + 1;
    return { tile, across, down: Math.ceil(count / across) };
  });
  const miss = ({ across, down }: MosaicLayout): number =>
    Math.abs(
      Math.log(
        (across * (tile.columns + gapBeside({ tile, across }))) / (down * (tile.rows + ROW_GAP)) / proportion,
      ),
    ) +
    EMPTY_WEIGHT * Math.log((across * down) / count);
  return layouts.reduce((best, layout) => (miss(layout) < miss(best) ? layout : best));
}

/** Where the first cell of a tile lies. */
export function tileOrigin({ tile, across }: MosaicLayout, index: number): { row: number; column: number } {
  return {
    row: Math.floor(index / across) * (tile.rows + ROW_GAP),
    column: (index % across) * (tile.columns + gapBeside({ tile, across })),
  };
}

/** The middle of each tile of the first row, or of the first column, in cells, with the number of the tile. */
export function tileMiddles(layout: MosaicLayout, along: 'row' | 'column', every = 1): Map<number, number> {
  const { tile, across, down } = layout;
  const [count, step, gap] =
    along === 'row' ? [across, tile.columns, gapBeside({ tile, across })] : [down, tile.rows, ROW_GAP];
  const shown = Array.from({ length: Math.ceil(count / every) }, (_, i) => i * every);
  return new Map(
    shown.map((i) => [i * (step + gap) + (step - 1) / 2, along === 'row' ? i : i * across] as const),
  );
}

/** @param maps `[count, tile.rows, tile.columns]` @returns a plane with NaN between the tiles */
export function mosaic(maps: Float32Array, layout: MosaicLayout): Plane {
  const { tile, across, down } = layout;
  const rows = down * (tile.rows + ROW_GAP) - ROW_GAP;
  const columns = across * (tile.columns + gapBeside({ tile, across })) - gapBeside({ tile, across });
  const values = new Float32Array(rows * columns).fill(Number.NaN);
  const size = tile.rows * tile.columns;
  for (let index = 0; index < maps.length / size; index++) {
    const origin = tileOrigin(layout, index);
    for (let row = 0; row < tile.rows; row++) {
      const start = index * size + row * tile.columns;
      values.set(maps.subarray(start, start + tile.columns), (origin.row + row) * columns + origin.column);
    }
  }
  return { rows, columns, values };
}
