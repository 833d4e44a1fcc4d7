import { describe, expect, it } from 'vitest';
import { LIGHT, SERIES_COLOURS } from '#chart/colours.js';
import { divergingScale } from '#chart/colour-maps.js';
import { barOf, edgeNumbers, movedBy, pixelsOf, thinned } from '#dashboard/charts/map-pixels.js';
import { rowTable } from '#dashboard/charts/row-table.js';
import { inScheme } from '#dashboard/charts/scheme.js';
import { type TimeChart, timeSummary, timeTable } from '#dashboard/charts/time-chart.js';

const formatter = () => 'as it is';

describe('colours of a scheme', () => {
  const data = [
    [1, 2],
    [3, 4],
  ];
  const option = {
    title: { textStyle: { color: LIGHT.text } },
    series: [{ data, color: SERIES_COLOURS[0] }],
    formatter,
  };

  it('take the place of the light ones, wherever they are', () => {
    const dark = inScheme(option, 'dark');
    expect(dark.title.textStyle.color).toBe('#e6edf3');
    expect(dark.series[0]?.color).toBe('#58a6ff');
    expect(dark.formatter).toBe(formatter);
  });

  it('leave the numbers where they lie, and the light chart as it is', () => {
    expect(inScheme(option, 'dark').series[0]?.data).toBe(data);
    expect(inScheme(option, 'light')).toBe(option);
  });
});

describe('a map of the grid', () => {
  const plane = { rows: 2, columns: 3, values: [-1, 0, 1, Number.NaN, 0.5, 0] };

  it('has a pixel for each cell: blue, white, red, and nothing where there is no value', () => {
    const pixels = pixelsOf(plane, divergingScale('LLR', [-1, 1]));
    const at = (i: number) => [...pixels.subarray(4 * i, 4 * i + 4)];
    expect(at(0)).toEqual([0x05, 0x30, 0x61, 255]);
    expect(at(1)).toEqual([255, 255, 255, 255]);
    expect(at(2)).toEqual([0x67, 0x00, 0x1f, 255]);
    expect(at(3)[3]).toBe(0);
  });

  it('has a bar with the largest value on top', () => {
    expect(barOf(divergingScale('LLR', [-2, 2]), 4).values).toEqual([1.5, 0.5, -0.5, -1.5]);
  });

  it('numbers its edges in round steps, blocks of twelve where there are many', () => {
    expect(edgeNumbers(14, 7)).toEqual([0, 2, 4, 6, 8, 10, 12]);
    expect(edgeNumbers(48, 5)).toEqual([0, 12, 24, 36]);
    expect(edgeNumbers(3276, 9)).toEqual([0, 480, 960, 1440, 1920, 2400, 2880]);
  });

  it('is read by keys, which stay inside', () => {
    expect(movedBy('ArrowRight', plane, undefined)).toEqual({ row: 0, column: 0 });
    expect(movedBy('ArrowRight', plane, { row: 1, column: 2 })).toEqual({ row: 1, column: 2 });
    expect(movedBy('ArrowUp', plane, { row: 1, column: 1 })).toEqual({ row: 0, column: 1 });
    expect(movedBy('PageDown', plane, { row: 0, column: 0 })).toEqual({ row: 0, column: 2 });
    expect(movedBy('Home', plane, { row: 1, column: 2 })).toEqual({ row: 1, column: 0 });
    expect(movedBy('Tab', plane, { row: 0, column: 0 })).toBeUndefined();
  });
});

describe('a map that is wide, or read as a table', () => {
  it('is thinned without a step that a comb of pilots could follow', () => {
    const values = Float32Array.from({ length: 2 * 3276 }, (_, i) => (i % 2 === 0 ? i : Number.NaN));
    const { rows, columns, values: kept } = thinned({ rows: 2, columns: 3276, values }, 500);
    expect([rows, columns, kept.length]).toEqual([2, 500, 1000]);
    const known = Array.from(kept).filter((value) => !Number.isNaN(value));
    // Half of the cells, as of the whole; every step of a fixed length gives none or all.
    expect(known.length / 1000).toBeCloseTo(0.5, 1);
    expect(known).toEqual(known.toSorted((a, b) => a - b));
    const narrow = { rows: 1, columns: 3, values: [1, 2, 3] };
    expect(thinned(narrow, 3)).toBe(narrow);
  });

  it('has the spread of each row in its table', () => {
    const values = [4, Number.NaN, 2, 1, 3, 5, ...Array.from({ length: 6 }, () => Number.NaN)];
    const table = rowTable(
      { rows: 2, columns: 6, values },
      { name: 'symbol', format: (value) => `${value} dB` },
    );
    expect(table.columns).toEqual([
      'symbol',
      'values',
      'least',
      'lower quartile',
      'median',
      'upper quartile',
      'greatest',
    ]);
    expect(table.rows).toEqual([
      [0, 5, '1 dB', '2 dB', '3 dB', '4 dB', '5 dB'],
      [1, 0, null, null, null, null, null],
    ]);
  });
});

describe('a chart of the last minutes', () => {
  const [t0, t1, t2] = [
    Date.UTC(2026, 0, 1, 12, 0, 0),
    Date.UTC(2026, 0, 1, 12, 0, 1),
    Date.UTC(2026, 0, 1, 12, 0, 2),
  ];
  const chart: TimeChart = {
    from: t0,
    to: t2,
    format: (value) => `${value} ms`,
    series: [
      {
        name: 'p50',
        colour: 0,
        points: [
          [t0, 1],
          [t1, null],
          [t2, 3],
        ],
      },
      { name: 'p99', colour: 1, points: [[t2, 9]] },
    ],
  };

  it('is a table, too, the latest first', () => {
    const { columns, rows } = timeTable(chart);
    expect(columns).toEqual(['time', 'p50', 'p99']);
    expect(rows.map(([, ...values]) => values)).toEqual([
      ['3 ms', '9 ms'],
      [null, null],
      ['1 ms', null],
    ]);
  });

  it('is a sentence, too', () => {
    expect(timeSummary('Latency', chart)).toBe(
      'Latency. p50: latest 3 ms, from 1 ms to 3 ms; p99: latest 9 ms, from 9 ms to 9 ms.',
    );
    const empty = { ...chart, series: [{ name: 'p50', colour: 0, points: [] }] };
    expect(timeSummary('Latency', empty)).toBe('Latency. p50: no values.');
  });
});
