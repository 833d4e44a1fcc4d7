/** Small multiples: panels of one size side by side, each with axes of its own. */
import type { EChartsCoreOption, SeriesOption } from 'echarts';
import { heading, legend } from './chart.js';
import { LIGHT } from './colours.js';
import { plotChart } from './plots.js';

export interface Panel {
  readonly title: string;
  /** ECharts axes without their place. */
  readonly xAxis: object;
  readonly yAxis: object;
  readonly series: readonly SeriesOption[];
}

export interface PanelLayout {
  /** Panels beside each other. */
  readonly columns: number;
  /** Height of the plot of one panel, pixels. */
  readonly panelHeight: number;
  /** Width of the whole figure, pixels. Default 860. */
  readonly width?: number;
  /** Room for labels left of each panel, below and above it, pixels. Default 56, 50, 30. */
  readonly left?: number;
  readonly below?: number;
  readonly above?: number;
}

export interface PanelChart {
  readonly title: string;
  /** The line, or lines, below the title. */
  readonly subtitle: string;
  /** Names of the series in the legend; no legend when there is none. */
  readonly names?: readonly string[];
  readonly panels: readonly Panel[];
  readonly layout: PanelLayout;
}

/** Pixels. */
const RIGHT = 20;
const HEADING = 46;
const SUBTITLE_LINE = 16;
const LEGEND = 34;

function headHeight({ subtitle }: PanelChart): number {
  return HEADING + SUBTITLE_LINE * (subtitle.split('\n').length - 1) + (subtitle === '' ? -8 : 8);
}

/** Pixels of the whole figure. */
export function panelChartSize(chart: PanelChart): { width: number; height: number } {
  const { columns, panelHeight, width = 860, below = 50, above = 30 } = chart.layout;
  const rows = Math.ceil(chart.panels.length / columns);
  const foot = (chart.names?.length ?? 0) > 0 ? LEGEND : 0;
  return { width, height: headHeight(chart) + rows * (above + panelHeight + below) + foot };
}

/** Panels row by row, below a heading; the legend at the foot. */
export function panelChart(chart: PanelChart): EChartsCoreOption {
  const { columns, panelHeight, width = 860, left = 56, below = 50, above = 30 } = chart.layout;
  const share = width / columns;
  const boxes = chart.panels.map((_, i) => ({
    left: Math.round((i % columns) * share + left),
    top: headHeight(chart) + Math.floor(i / columns) * (above + panelHeight + below) + above,
    width: Math.round(share - left - RIGHT),
    height: panelHeight,
  }));
  const titles = chart.panels.map(({ title }, i) => ({
    text: title,
    left: (boxes[i]?.left ?? 0) - 6,
    top: (boxes[i]?.top ?? 0) - 28,
    textStyle: { color: LIGHT.text, fontSize: 12, fontWeight: 'bold' as const },
  }));
  const plots = chart.panels.map(({ xAxis, yAxis, series }, i) => ({
    place: boxes[i] as (typeof boxes)[number],
    xAxis,
    yAxis,
    series,
  }));
  return plotChart(plots, {
    title: [heading(chart.title, chart.subtitle), ...titles],
    ...(chart.names && chart.names.length > 0 && { legend: legend(chart.names) }),
  });
}
