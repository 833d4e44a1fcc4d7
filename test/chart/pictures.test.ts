import { convertIndexedToRgb, decode } from 'fast-png';
import { describe, expect, it } from 'vitest';
import { heading } from '#chart/chart.js';
import { divergingScale } from '#chart/colour-maps.js';
import { colourBar, heatMap, shortNumber } from '#chart/heat-map.js';
import { plotChart, tiles } from '#chart/plots.js';
import { cellSizeFor, columnsInOne, pictureOf, pooled } from '#chart/picture.js';
import { pngOf } from '#chart/png.js';
import { renderChart } from '#chart/render.js';

const PLACE = { left: 70, top: 80, width: 400, height: 200 };
const PLANE = { rows: 2, columns: 3, values: [-2, 0, 2, Number.NaN, 1, -1] };
const SCALE = divergingScale('LLR', PLANE.values);

/** Of the `[rows, columns]` pixels, `[red, green, blue, alpha]` at one. */
function pixelOf(image: { width: number; data: ArrayLike<number> }, x: number, y: number): number[] {
  return Array.from({ length: 4 }, (_, i) => image.data[4 * (y * image.width + x) + i] as number);
}

describe('a matrix as a picture', () => {
  const file = pictureOf(PLANE, SCALE, { across: 4, down: 5 }).split(',')[1] as string;
  const indexed = decode(Buffer.from(file, 'base64'));
  const image = { width: indexed.width, height: indexed.height, data: convertIndexedToRgb(indexed) };

  it('has a block of pixels for each cell, in the colour of its value', () => {
    expect([image.width, image.height]).toEqual([12, 10]);
    for (const [x, y] of [
      [0, 0],
      [3, 4],
    ] as const)
      expect(pixelOf(image, x, y)).toEqual([5, 48, 97, 255]);
    for (const [x, y] of [
      [4, 0],
      [7, 4],
    ] as const)
      expect(pixelOf(image, x, y)).toEqual([255, 255, 255, 255]);
    for (const [x, y] of [
      [8, 0],
      [11, 4],
    ] as const)
      expect(pixelOf(image, x, y)).toEqual([103, 0, 31, 255]);
  });

  it('is empty where there is nothing', () => {
    expect(pixelOf(image, 1, 6)[3]).toBe(0);
    expect(pixelOf(image, 5, 6)[3]).toBe(255);
  });

  it('is as fine as its place', () => {
    expect(cellSizeFor({ rows: 14, columns: 48 }, { width: 480, height: 140 }, 2)).toEqual({
      across: 20,
      down: 20,
    });
    expect(cellSizeFor({ rows: 14, columns: 3276 }, { width: 480, height: 140 }, 1)).toEqual({
      across: 1,
      down: 10,
    });
  });
});

describe('a matrix of more columns than can be seen', () => {
  it('is shown as means of neighbours, of what is there', () => {
    expect([100, 600, 1199, 3276].map((columns) => columnsInOne(columns, 400))).toEqual([1, 1, 1, 5]);
    const { NaN: none } = Number;
    const plane = { rows: 2, columns: 5, values: [1, 3, 5, none, 9, none, none, 0, 1, none] };
    const { rows, columns, values } = pooled(plane, 2);
    expect([rows, columns, [...(values as Float32Array)]]).toEqual([2, 3, [2, 5, 9, none, 0.5, none]]);
    expect(pooled(plane, 1)).toBe(plane);
  });

  it('has axes that count its own columns', () => {
    const wide = { rows: 1, columns: 4, values: [0, 0, 2, 2] };
    const drawn = heatMap({
      place: PLACE,
      plane: wide,
      columnsInOne: 2,
      scale: SCALE,
      x: { name: '' },
      y: { name: '' },
    });
    expect(drawn.xAxis).toMatchObject({ min: -0.5, max: 3.5 });
    const svg = renderChart(plotChart([drawn]), { size: { width: 600, height: 360 }, scheme: 'light' });
    const image = decode(pngOf(svg, 1));
    const at = (share: number) =>
      pixelOf(image, PLACE.left + share * PLACE.width, PLACE.top + PLACE.height / 2);
    expect([at(0.25), at(0.75)]).toEqual([
      [255, 255, 255, 255],
      [103, 0, 31, 255],
    ]);
  });
});

describe('a heat map', () => {
  const panels = [
    heatMap({
      place: PLACE,
      plane: PLANE,
      scale: SCALE,
      title: 'b0',
      x: { name: 'subcarrier', first: 12 },
      y: { name: 'layer', labels: ['stem', 'block1'] },
      format: shortNumber,
      marks: [{ row: 0, column: 1 }],
    }),
    colourBar(SCALE, PLACE),
  ];
  const option = plotChart(panels, { title: heading('LLRs', 'of a slot') });
  const draw = (scheme: 'light' | 'dark') =>
    renderChart(option, { size: { width: 600, height: 360 }, scheme });

  it('is drawn with its picture, axes, values and colour bar', () => {
    const svg = draw('light');
    expect(svg.match(/<image preserveAspectRatio="none"/g)).toHaveLength(2);
    for (const text of ['LLRs', 'of a slot', 'b0', 'subcarrier', '12', '14', 'stem', 'block1', '−2', 'LLR'])
      expect(svg).toContain(`>${text}</text>`);
    expect(svg.replaceAll(/data:image[^"]*/g, '')).not.toContain('NaN');
  });

  it('fills its place in its colours, as PNG with our own fonts', () => {
    for (const scheme of ['light', 'dark'] as const) {
      const image = decode(pngOf(draw(scheme), 1));
      expect([image.width, image.height]).toEqual([600, 360]);
      const { left, top, width, height } = PLACE;
      // Near the corners of the plot, away from values and frames.
      expect(pixelOf(image, left + 4, top + 4)).toEqual([5, 48, 97, 255]);
      expect(pixelOf(image, left + width - 4, top + 4)).toEqual([103, 0, 31, 255]);
      // A cell of NaN shows the surface.
      const surface = scheme === 'light' ? [255, 255, 255, 255] : [13, 17, 23, 255];
      expect(pixelOf(image, left + 6, top + height - 6)).toEqual(surface);
      // The bar, from its lowest to its highest value over all of its width.
      const bar = left + width + 14;
      for (const x of [bar + 2, bar + 11]) {
        const [red, , blue] = pixelOf(image, x, top + 2) as [number, number, number];
        expect(red).toBeGreaterThan(95);
        expect(red).toBeLessThan(120);
        expect(blue).toBeLessThan(40);
        expect(pixelOf(image, x, top + height / 2)[2]).toBeGreaterThan(240);
      }
    }
  });

  it('names the cells that it is told to', () => {
    const named = heatMap({
      place: PLACE,
      plane: PLANE,
      scale: SCALE,
      x: {
        name: 'tile',
        at: new Map([
          [0.5, 'first'],
          [2, 'last'],
        ]),
      },
      y: { name: 'row', at: new Map([[1, 'below']]) },
    });
    const svg = renderChart(plotChart([named]), { size: { width: 600, height: 360 } });
    const labels = [...svg.matchAll(/>([^<]+)<\/text>/g)].map(([, text]) => String(text));
    expect(labels.toSorted()).toEqual(['below', 'first', 'last', 'row', 'tile']);
  });

  it('keeps white values white on a dark surface', () => {
    expect(draw('dark')).toContain('fill="#fffffe"');
  });
});

describe('tiles', () => {
  it('share an area, row by row', () => {
    const area = { left: 10, top: 20, width: 100, height: 50 };
    expect(tiles(area, 3, { across: 2, gap: { x: 20, y: 10 } })).toEqual([
      { left: 10, top: 20, width: 40, height: 20 },
      { left: 70, top: 20, width: 40, height: 20 },
      { left: 10, top: 50, width: 40, height: 20 },
    ]);
  });
});

describe('a colour bar', () => {
  it.each([
    [0, 1, ['0', '0.2', '0.4', '0.6', '0.8', '1']],
    [0, 19, ['0', '5', '10', '15', '19']],
    [0, 16, ['0', '5', '10', '15']],
    [-1.28, 1.28, ['−1', '−0.5', '0', '0.5', '1']],
    [-24, 7.5, ['−20', '−10', '0', '7.5']],
    [3, 3.0002, ['3']],
  ])('from %d to %d has round numbers, and its ends where there is room', (min, max, labels) => {
    const bar = colourBar({ ...SCALE, min, max }, PLACE);
    const { axisLabel } = bar.yAxis as { axisLabel: { customValues: number[] } };
    expect([...new Set(axisLabel.customValues.map(shortNumber))]).toEqual(labels);
    const svg = renderChart(plotChart([bar]), { size: { width: 600, height: 360 } });
    for (const label of labels) expect(svg).toContain(`>${label}</text>`);
  });
});
