/** The charts of the live view: what each draws, out of the samples of the window. */
import type { LiveSample } from '../../wire/live.js';
import type { TimeChart, TimeSeries } from '../charts/time-chart.js';
import { short } from '../ui/numbers.js';
import { errorCodes, isolated, meanBatch, perSecond, pointsOf } from './series.js';

export interface LiveWindow {
  /** Of the window only, oldest first. */
  readonly samples: readonly LiveSample[];
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly maxQueuedGrids: number;
  readonly maxBatchGrids: number;
}

export interface LiveChart {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** Said in place of a chart without series. */
  readonly empty?: string;
  readonly of: (window: LiveWindow) => TimeChart;
}

export const QUANTILES = [
  { value: 'p50Ms', label: 'p50' },
  { value: 'p90Ms', label: 'p90' },
  { value: 'p99Ms', label: 'p99' },
  { value: 'maxMs', label: 'max' },
] as const;
export type Quantile = (typeof QUANTILES)[number]['value'];

const STAGES = ['decode', 'queue', 'compute', 'encode'] as const;

const rate = (value: number) => `${short(value)} /s`;
const milliseconds = (value: number) => `${short(value)} ms`;

function series(
  { samples }: LiveWindow,
  name: string,
  colour: number,
  pick: (sample: LiveSample) => number | undefined,
  kind: NonNullable<TimeSeries['kind']> = 'line',
): TimeSeries {
  const points = pointsOf(samples, pick);
  return { name, colour, points, kind, marked: isolated(points) };
}

export const THROUGHPUT: LiveChart = {
  id: 'throughput',
  title: 'Throughput',
  unit: 'grids/s',
  of: (window) => ({
    ...window,
    format: rate,
    leastMax: 4,
    series: [
      series(window, 'answered', 0, (sample) => perSecond(sample, sample.grids.answered), 'area'),
      series(window, 'failed', 1, (sample) => perSecond(sample, sample.grids.failed)),
    ],
  }),
};

export const LATENCY: LiveChart = {
  id: 'latency',
  title: 'Latency',
  unit: 'arrival to answer, ms',
  of: (window) => ({
    ...window,
    format: milliseconds,
    leastMax: 1.5,
    series: QUANTILES.map(({ value, label }, index) =>
      series(window, label, [0, 2, 1, 5][index] ?? 0, ({ stages }) => stages.total?.[value]),
    ),
  }),
};

/** Stages differ by a hundred times, so their axis is logarithmic. */
export function stageChart(quantile: Quantile): LiveChart {
  return {
    id: 'stages',
    title: 'Latency by stage',
    unit: 'ms',
    of: (window) => ({
      ...window,
      format: milliseconds,
      isLogarithmic: true,
      series: STAGES.map((stage, index) =>
        // A logarithm has no zero: below a microsecond is a microsecond.
        series(window, stage, index, ({ stages }) => {
          const value = stages[stage]?.[quantile];
          return value === undefined ? undefined : Math.max(value, 0.001);
        }),
      ),
    }),
  };
}

export const BATCH_MEAN: LiveChart = {
  id: 'batch-mean',
  title: 'Grids per batch',
  unit: 'mean',
  of: (window) => ({
    ...window,
    leastMax: window.maxBatchGrids,
    interval: window.maxBatchGrids / 4,
    limit: { value: window.maxBatchGrids, name: `at most ${window.maxBatchGrids}` },
    series: [series(window, 'grids per batch', 0, meanBatch)],
  }),
};

export const QUEUE: LiveChart = {
  id: 'queue',
  title: 'Queue',
  unit: 'grids',
  of: (window) => ({
    ...window,
    isCount: true,
    leastMax: 4,
    limit: limitNear(window, window.maxQueuedGrids, ({ queue }) => queue.admittedGrids),
    series: [
      series(window, 'admitted', 5, ({ queue }) => queue.admittedGrids),
      series(window, 'waiting', 0, ({ queue }) => queue.waitingGrids, 'area'),
    ],
  }),
};

/** A limit far above the values would press them flat. */
function limitNear({ samples }: LiveWindow, value: number, pick: (sample: LiveSample) => number) {
  const isNear = samples.some((sample) => pick(sample) > value / 4);
  return isNear ? { value, name: `at most ${short(value)}` } : undefined;
}

export const OLDEST: LiveChart = {
  id: 'oldest',
  title: 'Oldest in the queue',
  unit: 'ms',
  of: (window) => ({
    ...window,
    format: milliseconds,
    leastMax: 1.5,
    series: [series(window, 'oldest', 0, ({ queue }) => queue.oldestMs, 'area')],
  }),
};

export const IN_FLIGHT: LiveChart = {
  id: 'in-flight',
  title: 'Requests in flight',
  unit: 'requests',
  of: (window) => ({
    ...window,
    isCount: true,
    leastMax: 4,
    series: [series(window, 'in flight', 0, ({ requests }) => requests.inFlight, 'area')],
  }),
};

export const ERRORS: LiveChart = {
  id: 'errors',
  title: 'Errors',
  unit: 'by code, /s',
  empty: 'No errors in this window',
  of: (window) => ({
    ...window,
    format: rate,
    leastMax: 4,
    series: errorSeries(window),
  }),
};

const ERROR_COLOURS = [1, 3, 4, 5, 0];

/** The most frequent codes by name, the rest of them as one: all that failed is drawn. */
function errorSeries(window: LiveWindow): TimeSeries[] {
  const codes = errorCodes(window.samples).map(({ code }) => code);
  const named = codes.length > ERROR_COLOURS.length ? ERROR_COLOURS.length - 1 : codes.length;
  const parts = codes.slice(0, named).map((code) => ({ name: code, of: [code] }));
  if (named < codes.length) parts.push({ name: 'others', of: codes.slice(named) });
  return parts.map(({ name, of }, index) => {
    const count = ({ errors }: LiveSample) => of.reduce((sum, code) => sum + (errors[code] ?? 0), 0);
    return series(
      window,
      name,
      ERROR_COLOURS[index] ?? 1,
      (sample) => perSecond(sample, count(sample)),
      'bar',
    );
  });
}

export const WORKERS: LiveChart = {
  id: 'workers',
  title: 'Workers',
  unit: 'threads',
  of: (window) => ({
    ...window,
    leastMax: 1,
    isCount: true,
    series: [
      series(window, 'live', 5, ({ workers }) => workers.live, 'step'),
      series(window, 'busy', 0, ({ workers }) => workers.busy, 'area'),
    ],
  }),
};

export const EVENT_LOOP: LiveChart = {
  id: 'event-loop',
  title: 'Event loop delay',
  unit: 'p99, ms',
  of: (window) => ({
    ...window,
    format: milliseconds,
    leastMax: 6,
    series: [series(window, 'delay p99', 0, ({ eventLoop }) => eventLoop.delayP99Ms, 'area')],
  }),
};

export const MEMORY: LiveChart = {
  id: 'memory',
  title: 'Memory',
  unit: 'MiB',
  of: (window) => ({
    ...window,
    format: (value) => `${short(value)} MiB`,
    series: [
      series(window, 'resident', 0, ({ memory }) => memory.residentBytes / 2 ** 20, 'area'),
      series(window, 'heap used', 3, ({ memory }) => memory.heapUsedBytes / 2 ** 20),
    ],
  }),
};
