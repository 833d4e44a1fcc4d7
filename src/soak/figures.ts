/** The figures of a run as SVG. */
import type { LineSeriesOption } from 'echarts';
import { layout, logarithmicAxis, seriesLook, xAxisStyle, yAxisStyle } from '../chart/chart.js';
import { LIGHT } from '../chart/colours.js';
import { type ColourScheme, renderChart } from '../chart/render.js';
import { type LatencyFigures, PERCENTILES } from './histogram.js';
import type { SoakResult } from './result.js';

const MEBIBYTE = 2 ** 20;

export const FIGURES = {
  percentiles: percentileFigure,
  latency: latencyFigure,
  throughput: throughputFigure,
  memory: memoryFigure,
} as const;

export type FigureName = keyof typeof FIGURES;

export function renderFigure(name: FigureName, result: SoakResult, scheme?: ColourScheme): string {
  return renderChart(FIGURES[name](result), { size: { width: 760, height: 420 }, scheme });
}

type Points = readonly (readonly [number, number])[];

function line(name: string, index: number, data: Points, symbols = false): LineSeriesOption {
  const look = seriesLook(index);
  const lineStyle = { ...look.lineStyle, width: 1.5 };
  return { type: 'line', name, data: data.map(([x, y]) => [x, y]), ...look, lineStyle, showSymbol: symbols };
}

function points({ count, percentiles }: LatencyFigures): Points {
  const known = percentiles.filter(([p]) => count * (1 - p / 100) >= 1);
  return known.map(([p, ms]) => [100 / (100 - p), ms]);
}

/** Percentiles against how rare they are, as far as the grids go: each decade to the right is a nine more. */
function percentileFigure({ latency }: SoakResult) {
  const clients = Object.entries(latency.byClass).map(([kind, figures]) => [kind, points(figures)] as const);
  const curves = [
    ['all', points(latency.all)] as const,
    ...clients,
    ['all, from the send', points(latency.fromSend)] as const,
  ];
  const names = curves.map(([name]) => name);
  return {
    ...layout({
      title: 'Latency by percentile',
      below: ['from the intended arrival of a grid to its decoded LLRs, by client and by priority'],
      names,
    }),
    // The legend takes two lines.
    grid: { left: 72, right: 28, top: 74, bottom: 112 },
    xAxis: {
      ...xAxisStyle('percentile'),
      type: 'log',
      min: 1,
      max: 100 / (100 - PERCENTILES[PERCENTILES.length - 2]!),
      axisLabel: {
        color: LIGHT.muted,
        formatter: (value: number) => `${Number((100 - 100 / value).toFixed(4))} %`,
      },
    },
    yAxis: { ...yAxisStyle('milliseconds'), ...logarithmicAxis },
    series: curves.map(([name, data], index) => line(name, index, data, true)),
  };
}

function timeAxis(result: SoakResult) {
  return { ...xAxisStyle('seconds'), min: 0, max: result.load.seconds };
}

function latencyFigure(result: SoakResult) {
  const curve = (value: (second: SoakResult['seconds'][number]) => number | undefined): Points =>
    result.seconds.flatMap((one) => {
      const ms = value(one);
      return ms === undefined ? [] : [[one.second, ms] as const];
    });
  const series = [
    line(
      '50 %',
      0,
      curve(({ p50Ms }) => p50Ms),
    ),
    line(
      '99 %',
      1,
      curve(({ p99Ms }) => p99Ms),
    ),
    line(
      'slowest',
      2,
      curve(({ maxMs }) => maxMs),
    ),
  ];
  return {
    ...layout({
      title: 'Latency in each second',
      below: ['of the grids that were answered in it'],
      names: series.map(({ name }) => String(name)),
    }),
    xAxis: timeAxis(result),
    yAxis: { ...yAxisStyle('milliseconds'), ...logarithmicAxis },
    series,
  };
}

function throughputFigure(result: SoakResult) {
  const series = [
    line(
      'arrived',
      0,
      result.seconds.map(({ second, arrived }) => [second, arrived]),
    ),
    line(
      'answered with LLRs',
      1,
      result.seconds.map(({ second, answered }) => [second, answered]),
    ),
    line(
      'answered with an error',
      2,
      result.seconds.map(({ second, errors }) => [second, errors]),
    ),
  ];
  return {
    ...layout({ title: 'Grids in each second', below: [], names: series.map(({ name }) => String(name)) }),
    xAxis: timeAxis(result),
    yAxis: { ...yAxisStyle('grids'), type: 'value', min: 0 },
    series,
  };
}

function memoryFigure(result: SoakResult) {
  const { samples, growthMiBPerMinute } = result.memory;
  const curve = (value: (sample: (typeof samples)[number]) => number): Points =>
    samples.map((sample) => [sample.second, value(sample) / MEBIBYTE]);
  const series = [
    line(
      'resident',
      0,
      curve(({ rssBytes }) => rssBytes),
    ),
    line(
      'JavaScript heap',
      1,
      curve(({ heapBytes }) => heapBytes),
    ),
    line(
      'buffers',
      2,
      curve(({ externalBytes }) => externalBytes),
    ),
  ];
  return {
    ...layout({
      title: 'Memory of the service',
      below: [`resident memory after the first third: ${growthMiBPerMinute.toFixed(2)} MiB a minute`],
      names: series.map(({ name }) => String(name)),
    }),
    xAxis: timeAxis(result),
    yAxis: { ...yAxisStyle('MiB'), type: 'value', min: 0 },
    series,
  };
}
