/** Small multiples: plots of one size under one heading. Runs in Node and in a page. */
import type { EChartsCoreOption } from 'echarts';
import { heading, legend } from './chart.js';
import { type Place, type Plot, plotChart, tiles } from './plots.js';

export interface MultiplesLook {
  readonly title: string;
  /** The line, or lines, below the title. */
  readonly subtitle: string;
  /** Names of the series for the legend; none when left out. */
  readonly names?: readonly string[];
  readonly count: number;
  /** Plots beside each other. */
  readonly across: number;
  /** Height of one plot, pixels. */
  readonly height: number;
  /** Width of the figure, pixels. Default 860. */
  readonly width?: number;
  /** Between two plots, pixels: room for axes and titles. */
  readonly gap?: { readonly x: number; readonly y: number };
  /** Left, right and below of all plots, pixels. Default 64, 24 and 52. */
  readonly margin?: { readonly left?: number; readonly right?: number; readonly below?: number };
}

export interface Multiples {
  /** Of the plots, row by row. */
  readonly places: readonly Place[];
  readonly size: { readonly width: number; readonly height: number };
  readonly chart: (plots: readonly Plot[]) => EChartsCoreOption;
}

/** Pixels from the top to the first plot with one line of subtitle and a title above the plot. */
const HEAD = 88;
const SUBTITLE_LINE = 16;
const LEGEND = 30;

export function multiples(look: MultiplesLook): Multiples {
  const { count, across, height: plot, width = 860, gap = { x: 64, y: 74 }, margin = {} } = look;
  const { left = 64, right = 24, below = 52 } = margin;
  const down = Math.ceil(count / across);
  const top = HEAD + SUBTITLE_LINE * (look.subtitle.split('\n').length - 1);
  const area = { left, top, width: width - left - right, height: down * plot + (down - 1) * gap.y };
  const names = look.names ?? [];
  const height = top + area.height + below + (names.length > 0 ? LEGEND : 0);
  const rest = {
    title: heading(look.title, look.subtitle),
    ...(names.length > 0 && { legend: legend(names) }),
  };
  return {
    places: tiles(area, count, { across, gap }),
    size: { width, height },
    chart: (plots) => plotChart(plots, rest),
  };
}
