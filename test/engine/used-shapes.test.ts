import { describe, expect, it } from 'vitest';
import { UsedShapes } from '#engine/used-shapes.js';

describe('UsedShapes', () => {
  it('gives the largest batch of each shape, the one used last coming last', () => {
    const shapes = new UsedShapes();
    shapes.note('a', { nSym: 14, nSc: 12, batch: 3 });
    shapes.note('a', { nSym: 14, nSc: 24, batch: 1 });
    shapes.note('a', { nSym: 14, nSc: 12, batch: 2 });
    expect(shapes.of('a')).toEqual([
      { nSym: 14, nSc: 24, batch: 1 },
      { nSym: 14, nSc: 12, batch: 3 },
    ]);
    expect(shapes.of('b')).toEqual([]);
  });

  it('forgets the shape that was not used for longest', () => {
    const shapes = new UsedShapes();
    for (let rb = 1; rb <= 8; rb++) shapes.note('a', { nSym: 14, nSc: 12 * rb, batch: 1 });
    shapes.note('a', { nSym: 14, nSc: 12, batch: 1 });
    shapes.note('a', { nSym: 14, nSc: 108, batch: 1 });
    expect(shapes.of('a').map(({ nSc }) => nSc / 12)).toEqual([3, 4, 5, 6, 7, 8, 1, 9]);
  });
});
