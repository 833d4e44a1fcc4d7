/** Many small maps side by side in one large one. */
import type { Plane } from '../../chart/picture.js';

export interface MosaicLayout {
  readonly tile: { readonly rows: number; readonly columns: number };
  /** Tiles beside each other. */
  readonly across: number;
  /** Tiles one below the other. */
  readonly down: number;
}

/** Empty cells between two tiles. */
export const GAP = 1;

/** Places so many tiles beside each other that the mosaic comes closest to a proportion of width to height. */
export function mosaicLayout(count: number, tile: MosaicLayout['tile'], proportion: number): MosaicLayout {
  const layouts = Array.from({ length: Math.max(1, count) }, (_, i): MosaicLayout => {
    const across = i + 1;
    return { tile, across, down: Math.ceil(count / across) };
  });
  const miss = ({ across, down }: MosaicLayout): number =>
    Math.abs(Math.log((across * (tile.columns + GAP)) / (down * (tile.rows + GAP)) / proportion));
  return layouts.reduce((best, layout) => (miss(layout) < miss(best) ? layout : best));
}

/** Where the first cell of a tile lies. */
export function tileOrigin({ tile, across }: MosaicLayout, index: number): { row: number; column: number } {
  return {
    row: Math.floor(index / across) * (tile.rows + GAP),
    column: (index % across) * (tile.columns + GAP),
  };
}

/** @param maps `[count, tile.rows, tile.columns]` @returns a plane with NaN between the tiles */
export function mosaic(maps: Float32Array, layout: MosaicLayout): Plane {
  const { tile, across, down } = layout;
  const rows = down * (tile.rows + GAP) - GAP;
  const columns = across * (tile.columns + GAP) - GAP;
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
