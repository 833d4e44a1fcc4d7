import { describe, expect, it } from 'vitest';
import { mosaic, mosaicLayout, tileMiddles, tileOrigin } from '#report/spiking/mosaic.js';

const _ = Number.NaN;

describe('a mosaic', () => {
  it('puts maps side by side with a gap, row by row', () => {
    const layout = { tile: { rows: 1, columns: 2 }, across: 2, down: 2 };
    const { rows, columns, values } = mosaic(Float32Array.of(1, 2, 3, 4, 5, 6), layout);
    expect([rows, columns]).toEqual([3, 5]);
    expect(Array.from(values)).toEqual([1, 2, _, 3, 4, _, _, _, _, _, 5, 6, _, _, _]);
    expect(tileOrigin(layout, 2)).toEqual({ row: 2, column: 0 });
  });

  it('keeps tiles apart that have many cells', () => {
    const layout = { tile: { rows: 2, columns: 128 }, across: 3, down: 2 };
    const { rows, columns } = mosaic(new Float32Array(6 * 256), layout);
    expect([rows, columns]).toEqual([5, 390]);
    expect(tileOrigin(layout, 5)).toEqual({ row: 3, column: 262 });
    expect([...tileMiddles(layout, 'row')]).toEqual([
      [63.5, 0],
      [194.5, 1],
      [325.5, 2],
    ]);
    expect([...tileMiddles(layout, 'column')]).toEqual([
      [0.5, 0],
      [3.5, 3],
    ]);
  });

  it('takes the layout that comes closest to a proportion', () => {
    expect(mosaicLayout(32, { rows: 3, columns: 3 }, 2)).toMatchObject({ across: 8, down: 4 });
    expect(mosaicLayout(32, { rows: 14, columns: 3276 }, 1.5)).toMatchObject({ across: 1, down: 32 });
    expect(mosaicLayout(5, { rows: 3, columns: 3 }, 100)).toMatchObject({ across: 5, down: 1 });
  });
});
