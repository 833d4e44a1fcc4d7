/** Curves over SNR as SVG. */
import { type CustomSeriesOption, init, type LineSeriesOption } from 'echarts';
import type { EvaluationPoint, ReceiverResult } from './point.js';
import type { Interval } from './statistics.js';
import { curveOf } from './summary.js';
import { LIGHT, SERIES_COLOURS } from './curve-colours.js';
import { axisStyle, type ColourScheme, finished, titleStyle } from './svg.js';

export type Metric = 'bler' | 'ber' | 'gmi';

interface MetricShape {
  readonly title: string;
  readonly axis: string;
  readonly logarithmic: boolean;
  readonly value: (result: ReceiverResult) => number | undefined;
  readonly interval: (result: ReceiverResult) => Interval | undefined;
}

const METRICS: Readonly<Record<Metric, MetricShape>> = {
  bler: {
    title: 'Block error rate',
    axis: 'BLER',
    logarithmic: true,
    value: (r) => r.blockErrorRate,
    interval: (r) => r.blockErrorRateInterval,
  },
  ber: {
    title: 'Bit error rate before decoding',
    axis: 'BER',
    logarithmic: true,
    value: (r) => r.bitErrorRate,
    interval: (r) => r.bitErrorRateInterval,
  },
  gmi: {
    title: 'Generalised mutual information',
    axis: 'GMI (bit per data RE)',
    logarithmic: false,
    value: (r) => r.gmi,
    interval: (r) => r.gmiInterval,
  },
};

/** Lowest rate that a logarithmic axis shows. */
const LOWEST_RATE = 1e-5;
const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond'] as const;
const DASHES = ['solid', 'dashed', 'dotted'] as const;

export interface CurveOptions {
  readonly metric: Metric;
  /** Below the title, for example the MCS. */
  readonly caption?: string;
  /** Default `auto`. */
  readonly scheme?: ColourScheme;
}

/** The points of one case: a curve and a 95 % band for each receiver. */
export function renderCurves(points: readonly EvaluationPoint[], options: CurveOptions): string {
  const shape = METRICS[options.metric];
  const names = points[0]?.receivers.map(({ name }) => name) ?? [];
  const floor = shape.logarithmic ? axisFloor(points, shape) : 0;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 760, height: 500 });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: LIGHT.surface,
      aria: { enabled: true },
      ...layout(points, shape, options),
      xAxis: xAxis(points),
      yAxis: yAxis(shape, floor),
      series: names.flatMap((name, i) => {
        const curve = curveOf(points, name);
        return [band(curve, shape, i, floor), line(name, curve, shape, i)];
      }),
    });
    return finished(chart.renderToSVGString(), options.scheme);
  } finally {
    // A chart that is left keeps the process from ending.
    chart.dispose();
  }
}

function layout(points: readonly EvaluationPoint[], shape: MetricShape, { caption }: CurveOptions) {
  const names = points[0]?.receivers.map(({ name }) => name) ?? [];
  const subtext = [points[0]?.case, caption, 'bands: 95 % confidence'].filter(Boolean).join('; ');
  return {
    title: { text: shape.title, subtext, ...titleStyle },
    legend: { data: names, bottom: 8, itemWidth: 34, textStyle: { color: LIGHT.text } },
    grid: { left: 72, right: 28, top: 74, bottom: 86 },
  };
}

function xAxis(points: readonly EvaluationPoint[]) {
  const snrs = points.map(({ snrDb }) => snrDb);
  return {
    ...axisStyle,
    type: 'value' as const,
    name: 'SNR: received energy per RE and antenna over N0 (dB)',
    nameLocation: 'middle' as const,
    nameGap: 30,
    min: Math.min(...snrs),
    max: Math.max(...snrs),
    axisLine: { ...axisStyle.axisLine, onZero: false },
  };
}

function yAxis({ axis, logarithmic }: MetricShape, floor: number) {
  const common = {
    ...axisStyle,
    name: axis,
    nameLocation: 'middle' as const,
    nameGap: 52,
    axisLine: { ...axisStyle.axisLine, onZero: false },
  };
  return logarithmic
    ? {
        ...common,
        type: 'log' as const,
        minorTick: { show: true, splitNumber: 9, lineStyle: { color: LIGHT.muted } },
        minorSplitLine: { show: true, lineStyle: { color: LIGHT.grid, opacity: 0.6 } },
        min: floor,
        max: 1,
        axisLabel: { color: LIGHT.muted, formatter: power },
      }
    : { ...common, type: 'value' as const, min: 0 };
}

/** 0.001 as 10⁻³. */
function power(value: number): string {
  const exponent = Math.round(Math.log10(value));
  const superscript = String(Math.abs(exponent)).replaceAll(/\d/g, (digit) =>
    '⁰¹²³⁴⁵⁶⁷⁸⁹'.charAt(Number(digit)),
  );
  return exponent === 0 ? '1' : `10${exponent < 0 ? '⁻' : ''}${superscript}`;
}

/** The decade below the smallest rate that is not 0. */
function axisFloor(points: readonly EvaluationPoint[], shape: MetricShape): number {
  const rates = points
    .flatMap(({ receivers }) => receivers.map(shape.value))
    .filter((rate): rate is number => rate !== undefined && rate > 0);
  const smallest = Math.min(0.1, ...rates);
  return Math.max(LOWEST_RATE, 10 ** Math.floor(Math.log10(smallest)));
}

type Curve = ReturnType<typeof curveOf>;

function line(name: string, curve: Curve, shape: MetricShape, index: number): LineSeriesOption {
  const colour = SERIES_COLOURS[index % SERIES_COLOURS.length] as string;
  return {
    type: 'line',
    name,
    // A rate of 0 has no place on a logarithmic axis.
    data: curve.map((r) => [r.snrDb, shape.logarithmic && !shape.value(r) ? null : (shape.value(r) ?? null)]),
    symbol: SYMBOLS[index % SYMBOLS.length] as string,
    symbolSize: 7,
    lineStyle: {
      color: colour,
      width: 2,
      type: DASHES[Math.floor(index / SERIES_COLOURS.length) % 3] ?? 'solid',
    },
    itemStyle: { color: colour },
  };
}

/** The intervals as one polygon: lower ends from left to right, upper ends back. */
function band(curve: Curve, shape: MetricShape, index: number, floor: number): CustomSeriesOption {
  const colour = SERIES_COLOURS[index % SERIES_COLOURS.length] as string;
  const ends = curve.map((r) => ({ snrDb: r.snrDb, interval: shape.interval(r) ?? [0, 0] }));
  const lower = ends.map(({ snrDb, interval }) => [snrDb, Math.max(floor, interval[0])]);
  const upper = ends.map(({ snrDb, interval }) => [snrDb, Math.max(floor, interval[1])]);
  return {
    type: 'custom',
    silent: true,
    clip: true,
    data: [[curve[0]?.snrDb ?? 0, floor]],
    renderItem: (_, api) => ({
      type: 'polygon',
      shape: { points: [...lower, ...upper.toReversed()].map((corner) => api.coord(corner)) },
      style: { fill: colour, opacity: 0.18 },
    }),
  };
}
