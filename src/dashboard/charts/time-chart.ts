/** Charts of the last minutes: time to the right, a few series, their names above. */
import type { EChartsCoreOption } from 'echarts/core';
import { LIGHT, SERIES_COLOURS } from '../../chart/colours.js';
import { clockTime, short } from '../ui/numbers.js';
import { TOOLTIP } from './looks.js';
import type { Table } from './table.js';

export type TimePoint = readonly [at: number, value: number | null];

export interface TimeSeries {
  readonly name: string;
  readonly points: readonly TimePoint[];
  /** Index of its colour. */
  readonly colour: number;
  /** Default `line`; `area`: filled down to zero; `step`: holds until the next; `bar`: stacked on the others. */
  readonly kind?: 'line' | 'area' | 'step' | 'bar';
  /** Indices of points that need a mark, as no line reaches them. */
  readonly marked?: ReadonlySet<number>;
}

export interface TimeChart {
  readonly series: readonly TimeSeries[];
  readonly from: number;
  readonly to: number;
  /** A value in words for the tooltip. Default: three figures. */
  readonly format?: (value: number) => string;
  readonly isLogarithmic?: boolean;
  /** Whether values are whole, so that nothing between is named. */
  readonly isCount?: boolean;
  /** The least that the axis goes up to, so that a quiet service is not drawn as noise. */
  readonly leastMax?: number;
  /** Between the numbers of the axis. Default: in round steps. */
  readonly interval?: number;
  /** A line at what may not be passed, drawn where values come near it. */
  readonly limit?: { readonly value: number; readonly name: string } | undefined;
}

export function timeChart(chart: TimeChart): EChartsCoreOption {
  const { series, from, to, format = short } = chart;
  return {
    grid: { ...PLOT, top: series.length > 1 ? 30 : 10 },
    legend: legendOf(series),
    tooltip: {
      ...TOOLTIP,
      trigger: 'axis',
      axisPointer: { type: 'line', lineStyle: { color: LIGHT.muted, type: 'solid', width: 1 } },
      formatter: (items: readonly TooltipItem[]) => tooltipText(items, format),
    },
    xAxis: {
      type: 'time',
      min: from,
      max: to,
      splitNumber: to - from > 90_000 ? 4 : 3,
      axisLine: { lineStyle: { color: LIGHT.muted } },
      axisTick: { show: false },
      axisLabel: { color: LIGHT.muted, fontSize: 11, hideOverlap: true, formatter: timeLabel(from, to) },
      splitLine: { show: false },
    },
    yAxis: valueAxis(chart),
    series: series.map((one) => seriesOption(one, chart)),
  };
}

/** Does not follow the width of labels: the plot of a moving chart stands still. */
export const PLOT = { left: 44, right: 10, bottom: 20, outerBoundsMode: 'none' } as const;

function legendOf(series: readonly TimeSeries[]) {
  return {
    show: series.length > 1,
    data: series.map(({ name }) => name),
    top: 0,
    left: 0,
    padding: [4, 0],
    itemGap: 12,
    itemWidth: 12,
    itemHeight: 8,
    icon: 'roundRect',
    inactiveColor: LIGHT.grid,
    textStyle: { color: LIGHT.muted, fontSize: 11 },
  };
}

function valueAxis({ isLogarithmic = false, isCount = false, leastMax = 0, interval }: TimeChart) {
  return {
    type: isLogarithmic ? 'log' : 'value',
    // From zero, but for the logarithm, which has none.
    ...(!isLogarithmic && { min: 0, max: ({ max }: { max: number }) => (max > leastMax ? null : leastMax) }),
    splitNumber: 3,
    ...(isCount && { minInterval: 1 }),
    ...(interval !== undefined && { interval }),
    axisLabel: { color: LIGHT.muted, fontSize: 11, formatter: short },
    splitLine: { lineStyle: { color: LIGHT.grid } },
  };
}

/** Whole labels only: none where its half would be beyond the plot. */
function timeLabel(from: number, to: number): (at: number) => string {
  const isLong = to - from > 90_000;
  const margin = (to - from) * (isLong ? 0.05 : 0.08);
  return (at) => {
    if (at > to - margin) return '';
    return isLong ? clockTime(at).slice(0, 5) : clockTime(at);
  };
}

function seriesOption({ name, points, colour, kind = 'line', marked }: TimeSeries, chart: TimeChart) {
  const color = SERIES_COLOURS[colour % SERIES_COLOURS.length];
  const common = { name, data: points, itemStyle: { color }, cursor: 'default' };
  if (kind === 'bar')
    return { ...common, type: 'bar', stack: 'all', barMinWidth: 1.5, barCategoryGap: '10%', large: false };
  return {
    ...common,
    type: 'line',
    step: kind === 'step' ? 'end' : false,
    lineStyle: { color, width: 1.5 },
    ...(kind === 'area' && { areaStyle: { color, opacity: 0.14 } }),
    // Each symbol costs as much as a line: only where some are needed.
    showSymbol: (marked?.size ?? 0) > 0,
    symbol: 'circle',
    symbolSize: (_value: unknown, { dataIndex }: { dataIndex: number }) => (marked?.has(dataIndex) ? 5 : 0),
    emphasis: { disabled: true },
    ...(chart.limit !== undefined && chart.series[0]?.name === name && { markLine: limitLine(chart.limit) }),
  };
}

function limitLine({ value, name }: { readonly value: number; readonly name: string }) {
  return {
    silent: true,
    symbol: 'none',
    lineStyle: { color: LIGHT.muted, type: 'dashed', width: 1 },
    label: { formatter: name, position: 'insideEndBottom', color: LIGHT.muted, fontSize: 11 },
    data: [{ yAxis: value }],
  };
}

interface TooltipItem {
  readonly seriesName: string;
  readonly marker: string;
  readonly value: TimePoint;
}

function tooltipText(items: readonly TooltipItem[], format: (value: number) => string): string {
  const at = items[0]?.value[0];
  if (at === undefined) return '';
  const lines = items.map(({ seriesName, marker, value: [, value] }) => {
    return `${marker} ${seriesName}  ${value === null ? '–' : format(value)}`;
  });
  return [clockTime(at), ...lines].join('\n');
}

/** The same numbers, the latest first. */
export function timeTable({ series, format = short }: TimeChart): Table {
  const rows = new Map<number, (string | null)[]>();
  for (const [column, { points }] of series.entries())
    for (const [at, value] of points) {
      const row = rows.get(at) ?? series.map(() => null);
      row[column] = value === null ? null : format(value);
      rows.set(at, row);
    }
  return {
    columns: ['time', ...series.map(({ name }) => name)],
    rows: [...rows].sort(([a], [b]) => b - a).map(([at, values]) => [clockTime(at), ...values]),
  };
}

/** The chart in a sentence: of each series the latest value and the range. */
export function timeSummary(title: string, { series, format = short }: TimeChart): string {
  const parts = series.map(({ name, points }) => {
    const values = points.flatMap(([, value]) => (value === null ? [] : [value]));
    const latest = values.at(-1);
    if (latest === undefined) return `${name}: no values`;
    const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    return `${name}: latest ${format(latest)}, from ${format(low)} to ${format(high)}`;
  });
  return `${title}. ${parts.join('; ')}.`;
}
