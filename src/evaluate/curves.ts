/** Curves over SNR as SVG. */
import type { CustomSeriesOption, EChartsCoreOption, LineSeriesOption } from 'echarts';
import { layout, logarithmicAxis, seriesLook, xAxisStyle, yAxisStyle } from '../chart/chart.js';
import { type ColourScheme, renderChart } from '../chart/render.js';
import type { EvaluationPoint, ReceiverResult } from './point.js';
import type { Interval } from './statistics.js';
import { type Curve, curveOf, receiverNames } from './summary.js';

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

/** What the curves show, in words. */
export function metricTitle(metric: Metric): string {
  return METRICS[metric].title;
}

/** Those that points have: without a code there are no block errors. */
export function metricsOf([first]: readonly EvaluationPoint[]): readonly Metric[] {
  return first?.receivers[0]?.blocks === undefined ? ['ber', 'gmi'] : ['bler', 'ber', 'gmi'];
}

/** Lowest rate that a logarithmic axis shows. */
const LOWEST_RATE = 1e-5;

export interface CurveOptions {
  readonly metric: Metric;
  /** Below the title, for example the MCS. */
  readonly caption?: string;
  /** Default `auto`. */
  readonly scheme?: ColourScheme;
}

/** The points of one case: a curve and a 95 % band for each receiver. */
export function curvesOption(
  points: readonly EvaluationPoint[],
  options: Omit<CurveOptions, 'scheme'>,
): EChartsCoreOption {
  const shape = METRICS[options.metric];
  const names = receiverNames(points);
  const floor = shape.logarithmic ? axisFloor(points, shape) : 0;
  const below = [points[0]?.case, options.caption, 'bands: 95 % confidence'];
  return {
    ...layout({ title: shape.title, below, names }),
    xAxis: xAxis(points),
    yAxis: yAxis(shape, floor),
    series: names.flatMap((name, i) => {
      const curve = curveOf(points, name);
      return [band(curve, shape, i, floor), line(name, curve, shape, i)];
    }),
  };
}

export function renderCurves(points: readonly EvaluationPoint[], options: CurveOptions): string {
  return renderChart(curvesOption(points, options), { scheme: options.scheme });
}

function xAxis(points: readonly EvaluationPoint[]) {
  const snrs = points.map(({ snrDb }) => snrDb);
  return {
    ...xAxisStyle('SNR: received energy per RE and antenna over N0 (dB)'),
    min: Math.min(...snrs),
    max: Math.max(...snrs),
  };
}

function yAxis({ axis, logarithmic }: MetricShape, floor: number) {
  const common = yAxisStyle(axis);
  return logarithmic
    ? { ...common, ...logarithmicAxis, min: floor, max: 1 }
    : { ...common, type: 'value' as const, min: 0 };
}

/** The decade below the smallest rate that is not 0. */
function axisFloor(points: readonly EvaluationPoint[], shape: MetricShape): number {
  const rates = points
    .flatMap(({ receivers }) => receivers.map(shape.value))
    .filter((rate): rate is number => rate !== undefined && rate > 0);
  const smallest = Math.min(0.1, ...rates);
  return Math.max(LOWEST_RATE, 10 ** Math.floor(Math.log10(smallest)));
}

function line(name: string, curve: Curve, shape: MetricShape, index: number): LineSeriesOption {
  return {
    type: 'line',
    name,
    // A rate of 0 has no place on a logarithmic axis.
    data: curve.map((r) => [r.snrDb, shape.logarithmic && !shape.value(r) ? null : (shape.value(r) ?? null)]),
    ...seriesLook(index),
  };
}

/** The intervals as one polygon: lower ends from left to right, upper ends back. */
function band(curve: Curve, shape: MetricShape, index: number, floor: number): CustomSeriesOption {
  const colour = seriesLook(index).itemStyle.color;
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
