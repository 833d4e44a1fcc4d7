/** The course of a training run as SVG, from its log. */
import type { EChartsCoreOption, LineSeriesOption } from 'echarts';
import { heading, legend, logarithmicAxis, seriesLook, xAxisStyle, yAxisStyle } from '../chart/chart.js';
import { type ColourScheme, renderChart } from '../chart/render.js';
import { invalid } from '../errors.js';
import type { SpikingRxConfig } from '../nn/config.js';

const FIRING = 'firing_rate_';

/** Columns of a log by name; all have one value a line. */
export type TrainingLog = ReadonlyMap<string, readonly number[]>;

/** @throws INVALID_ARGUMENT when the text is no log of `train`. */
export function parseTrainingLog(text: string): TrainingLog {
  const [header = '', ...lines] = text.trim().split('\n');
  const names = header.split(',');
  for (const name of ['step', 'loss', 'bit_error_rate'])
    if (!names.includes(name)) throw invalid('log', `a column '${name}'`, header);
  const rows = lines.map((line) => line.split(',').map(Number));
  const damaged = rows.findIndex((row) => row.length !== names.length || !row.every(Number.isFinite));
  if (damaged >= 0)
    throw invalid('log', `${names.length} numbers in line ${damaged + 2}`, lines[damaged] ?? '');
  return new Map(names.map((name, column) => [name, rows.map((row) => row[column] as number)]));
}

export interface TrainingCurveOptions {
  readonly title: string;
  /** What the firing rates are of: of an ANN the share of ReLUs that are active. Default `lif`. */
  readonly activation?: SpikingRxConfig['activation'];
  readonly scheme?: ColourScheme;
}

export const TRAINING_CURVE_SIZE = { width: 760, height: 664 } as const;

/** Loss and bit error rate above, firing rates of the layers below, over the steps. */
export function trainingCurveOption(
  log: TrainingLog,
  { title, activation = 'lif' }: Omit<TrainingCurveOptions, 'scheme'>,
): EChartsCoreOption {
  const steps = log.get('step') ?? [];
  const rates = [...log.keys()].filter((name) => name.startsWith(FIRING));
  const curve = (column: string, name: string, index: number, panel: number): LineSeriesOption => ({
    type: 'line',
    name,
    xAxisIndex: panel,
    yAxisIndex: panel,
    data: (log.get(column) ?? []).map((value, i) => [steps[i] ?? 0, value]),
    ...seriesLook(index),
    showSymbol: false,
    lineStyle: { ...seriesLook(index).lineStyle, width: 1.5 },
  });
  const series = [
    curve('loss', 'loss (nats a bit)', 0, 0),
    curve('bit_error_rate', 'bit error rate', 1, 0),
    ...rates.map((column, i) => curve(column, column.slice(FIRING.length), i + 2, 1)),
  ];
  const last = steps.at(-1) ?? 1;
  const x = (panel: number) => ({
    ...xAxisStyle(panel === 0 ? '' : 'step'),
    gridIndex: panel,
    min: 0,
    max: last,
  });
  return {
    title: heading(
      title,
      'means over the steps of a line of the log; all SNRs, profiles and patterns of the training data',
    ),
    legend: legend(series.map(({ name }) => String(name))),
    grid: [
      { left: 72, right: 28, top: 74, height: 250 },
      { left: 72, right: 28, top: 364, height: 170 },
    ],
    xAxis: [x(0), x(1)],
    yAxis: [
      { ...yAxisStyle('loss, bit error rate'), ...logarithmicAxis, gridIndex: 0, min: 0.01, max: 1 },
      {
        ...yAxisStyle(activation === 'lif' ? 'spikes per neuron and step' : 'share of active ReLUs'),
        type: 'value',
        gridIndex: 1,
        min: 0,
      },
    ],
    series,
  };
}

export function renderTrainingCurve(log: TrainingLog, options: TrainingCurveOptions): string {
  return renderChart(trainingCurveOption(log, options), {
    size: TRAINING_CURVE_SIZE,
    scheme: options.scheme,
  });
}
