/** A matrix in colours, with axes, and the bar that tells what the colours stand for. Runs in Node and in a page. */
import type { CustomSeriesOption } from 'echarts';
import { axisStyle } from './chart.js';
import { type ColourScale, colourOf, STAYS_WHITE, textColourOn } from './colour-maps.js';
import { LIGHT } from './colours.js';
import { cellSizeFor, pictureOf, type Plane, pooled } from './picture.js';
import type { Place, Plot } from './plots.js';

/** The columns or the rows of a matrix: numbered, or each with a name. */
export interface CellAxis {
  /** With its unit; empty for none. */
  readonly name: string;
  /** Number of the first cell. Default 0. */
  readonly first?: number;
  /** One for each cell, in place of numbers. */
  readonly labels?: readonly string[];
  /** Names of some cells, by their number from 0, in place of numbers. A cell between two has a half. */
  readonly at?: ReadonlyMap<number, string>;
  /** Degrees by which labels are turned. */
  readonly rotate?: number;
  /** Neither labels nor ticks. */
  readonly bare?: boolean;
  /** Pixels from the axis to its name. Default 28, and 40 at the side. */
  readonly nameGap?: number;
}

export interface HeatMap {
  readonly place: Place;
  readonly plane: Plane;
  readonly scale: ColourScale;
  readonly x: CellAxis;
  /** The first row is on top. */
  readonly y: CellAxis;
  readonly title?: string;
  /** Colour of cells where nothing is; default that of the page. */
  readonly empty?: string;
  /** Writes the values into the cells. */
  readonly format?: (value: number) => string;
  /** Cells with a frame around them. */
  readonly marks?: readonly { readonly row: number; readonly column: number }[];
  /** Columns of which the picture shows the mean only. Default 1: each is there. */
  readonly columnsInOne?: number;
}

/** Cells end where the plot ends: a line there would be seen beside empty cells only. */
const cellAxisStyle = { ...axisStyle, axisLine: { show: false }, splitLine: { show: false } };

/** @param room for the axis, in labels */
function axisOf(axis: CellAxis, count: number, nameGap: number, room: number) {
  const { name, first = 0, labels, at, rotate = 0, bare = false } = axis;
  const common = {
    ...cellAxisStyle,
    name,
    nameLocation: 'middle' as const,
    nameGap: axis.nameGap ?? nameGap,
    axisTick: bare ? { show: false } : axisStyle.axisTick,
    axisLabel: bare ? { show: false } : { ...axisStyle.axisLabel, rotate },
  };
  if (labels !== undefined) {
    const axisLabel = { ...common.axisLabel, interval: 0 };
    return { ...common, type: 'category' as const, data: [...labels], axisLabel, axisTick: { show: false } };
  }
  const customValues = at ? [...at.keys()] : wholeNumbers(first, count, niceInterval(count, room));
  return {
    ...common,
    type: 'value' as const,
    min: first - 0.5,
    max: first + count - 0.5,
    axisTick: { ...common.axisTick, customValues },
    axisLabel: {
      ...common.axisLabel,
      customValues,
      ...(at && { formatter: (value: number) => at.get(value) ?? '', interval: 0 }),
    },
  };
}

/** Twelve subcarriers are a resource block: steps that divide or multiply it where there are many cells. */
function niceInterval(count: number, room: number): number {
  const most = Math.min(13, room);
  return [1, 2, 4, 6, 12, 24, 48, 120, 240, 480, 600].find((step) => count / step <= most) ?? 1200;
}

function wholeNumbers(first: number, count: number, step: number): number[] {
  const start = Math.ceil(first / step) * step;
  return Array.from(
    { length: Math.floor((first + count - 1 - start) / step) + 1 },
    (_, i) => start + i * step,
  );
}

interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A matrix of values, a colour each. */
export function heatMap(options: HeatMap): Plot {
  const { place, plane, scale, x, y, title, empty, format, marks = [], columnsInOne = 1 } = options;
  const { rows, columns } = plane;
  const shown = pooled(plane, columnsInOne);
  const picture = pictureOf(shown, scale, cellSizeFor(shown, place));
  return {
    place,
    ...(title !== undefined && { title }),
    ...(empty !== undefined && { background: empty }),
    xAxis: axisOf(x, columns, 28, place.width / 26),
    yAxis: { ...axisOf(y, rows, 40, place.height / 18), inverse: true },
    series: [
      pictureSeries(picture),
      ...(format === undefined ? [] : [cellTexts(plane, scale, format)]),
      ...(marks.length === 0 ? [] : [frames(plane, marks)]),
    ],
  };
}

/** Fills the plot. */
function pictureSeries(image: string): CustomSeriesOption {
  return {
    type: 'custom',
    silent: true,
    data: [[0, 0]],
    renderItem: ({ coordSys }) => ({ type: 'image', style: { image, ...rectangleOf(coordSys) } }),
  };
}

function rectangleOf(coordSys: object): Rectangle {
  const { x, y, width, height } = coordSys as Rectangle;
  return { x, y, width, height };
}

function cellTexts(plane: Plane, scale: ColourScale, format: (value: number) => string): CustomSeriesOption {
  const { rows, columns, values } = plane;
  return {
    type: 'custom',
    silent: true,
    data: [[0, 0]],
    renderItem: ({ coordSys }) => {
      const { x, y, width, height } = rectangleOf(coordSys);
      const children = Array.from({ length: rows * columns }, (_, i) => {
        const value = values[i] as number;
        const [row, column] = [Math.floor(i / columns), i % columns];
        return {
          type: 'text' as const,
          style: {
            x: x + ((column + 0.5) * width) / columns,
            y: y + ((row + 0.5) * height) / rows,
            text: Number.isNaN(value) ? '' : format(value),
            fill: textColourOn(colourOf(scale, value)),
            align: 'center' as const,
            verticalAlign: 'middle' as const,
            fontSize: 11,
          },
        };
      });
      return { type: 'group', children };
    },
  };
}

function frames({ rows, columns }: Plane, marks: NonNullable<HeatMap['marks']>): CustomSeriesOption {
  return {
    type: 'custom',
    silent: true,
    data: [[0, 0]],
    renderItem: ({ coordSys }) => {
      const { x, y, width, height } = rectangleOf(coordSys);
      const [across, down] = [width / columns, height / rows];
      const children = marks.flatMap(({ row, column }) =>
        // White inside of black: seen on any colour.
        [
          { inset: 0, stroke: '#000000' },
          { inset: 2, stroke: STAYS_WHITE },
        ].map(({ inset, stroke }) => ({
          type: 'rect' as const,
          shape: {
            x: x + column * across + 1 + inset,
            y: y + row * down + 1 + inset,
            width: across - 2 - 2 * inset,
            height: down - 2 - 2 * inset,
          },
          style: { fill: 'none', stroke, lineWidth: 2 },
        })),
      );
      return { type: 'group', children };
    },
  };
}

const BAR_STEPS = 128;

/** What the colours stand for: a bar at the right of a place, 14 pixels wide; it needs 76 with labels and name. */
export function colourBar(scale: ColourScale, beside: Place, gap = 14): Plot {
  const { min, max, name } = scale;
  const place = { left: beside.left + beside.width + gap, top: beside.top, width: 14, height: beside.height };
  const values = Array.from({ length: BAR_STEPS }, (_, i) => max - ((i + 0.5) * (max - min)) / BAR_STEPS);
  const plane: Plane = { rows: BAR_STEPS, columns: 1, values };
  const picture = pictureOf(plane, scale, { across: 4, down: 2 });
  const customValues = barTicks(scale, place.height / 36);
  return {
    place,
    xAxis: { type: 'value', min: 0, max: 1, show: false },
    yAxis: {
      ...axisStyle,
      type: 'value',
      position: 'right',
      min,
      max,
      splitLine: { show: false },
      axisTick: { ...axisStyle.axisTick, customValues },
      axisLabel: { ...axisStyle.axisLabel, formatter: shortNumber, customValues },
      name,
      nameLocation: 'middle',
      nameGap: 44,
      nameRotate: 90,
      nameTextStyle: { color: LIGHT.text },
    },
    series: [pictureSeries(picture)],
  };
}

/** At most about `most` round numbers, and the ends unless one of those is next to them. */
function barTicks({ min, max, step: least = 0 }: ColourScale, most: number): number[] {
  const rough = Math.max((max - min) / Math.max(1, most), least);
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * decade >= rough * (1 - 1e-9)) ?? 10) * decade;
  const [first, last] = [Math.ceil(min / step - 1e-9), Math.floor(max / step + 1e-9)];
  const round = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  const far = (end: number): boolean => round.every((tick) => Math.abs(tick - end) > 0.6 * step);
  return [...(far(min) ? [min] : []), ...round, ...(far(max) ? [max] : [])];
}

/** Three digits tell enough: 0.0123, −4.5, 2e−5. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3))).replaceAll('-', '−');
}
