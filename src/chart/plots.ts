/** Charts of several plots, each with axes of its own, at a place of its own. Runs in Node and in a page. */
import type { EChartsCoreOption } from 'echarts';
import { LIGHT } from './colours.js';

/** Pixels from the upper left corner of the chart. */
export interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** One plot, in ECharts' own terms but for the indices of grid and axes. */
export interface Plot {
  /** Where the plot is, without the labels of its axes. */
  readonly place: Place;
  /** Above the plot, small. */
  readonly title?: string;
  /** Colour of the plot where nothing is drawn; default none. */
  readonly background?: string;
  readonly xAxis: object;
  readonly yAxis: object;
  readonly series: readonly object[];
}

/**
 * Puts plots into one chart.
 * @param rest of the chart: `{ title: heading(…), legend: legend(…) }`
 */
export function plotChart(
  plots: readonly Plot[],
  rest: { readonly title?: object | readonly object[]; readonly legend?: object } = {},
): EChartsCoreOption {
  const titles = plots.flatMap(({ title, place }) => (title === undefined ? [] : [plotTitle(title, place)]));
  return {
    ...rest,
    title: [rest.title ?? [], titles].flat(),
    grid: plots.map(({ place, background }) => ({
      ...place,
      containLabel: false,
      ...(background !== undefined && { show: true, backgroundColor: background, borderWidth: 0 }),
    })),
    xAxis: plots.map(({ xAxis }, gridIndex) => ({ ...xAxis, gridIndex })),
    yAxis: plots.map(({ yAxis }, gridIndex) => ({ ...yAxis, gridIndex })),
    series: plots.flatMap(({ series }, index) =>
      series.map((one) => ({ ...one, xAxisIndex: index, yAxisIndex: index })),
    ),
  };
}

function plotTitle(text: string, { left, top, width }: Place): object {
  return {
    text,
    left: left + width / 2,
    top: top - 20,
    padding: 0,
    textAlign: 'center',
    textStyle: { color: LIGHT.text, fontSize: 12, fontWeight: 'normal' },
  };
}

export interface Tiling {
  /** Plots beside each other. */
  readonly across: number;
  /** Pixels between two plots: room for axes and titles. */
  readonly gap: { readonly x: number; readonly y: number };
}

/** Places of one size that share an area, row by row. */
export function tiles(area: Place, count: number, { across, gap }: Tiling): Place[] {
  const down = Math.ceil(count / across);
  const width = (area.width - (across - 1) * gap.x) / across;
  const height = (area.height - (down - 1) * gap.y) / down;
  return Array.from({ length: count }, (_, i) => ({
    left: area.left + (i % across) * (width + gap.x),
    top: area.top + Math.floor(i / across) * (height + gap.y),
    width,
    height,
  }));
}
