/** Latencies in HDR histograms (those of Node.js), in microseconds: three significant figures, 1 µs to an hour. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

export function newHistogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: 3_600_000_000, figures: 3 });
}

export function recordMs(histogram: RecordableHistogram, milliseconds: number): void {
  histogram.record(Math.max(1, Math.round(1000 * milliseconds)));
}

/** Percentiles that the reports give. */
export const PERCENTILES = [0, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 100] as const;

export interface LatencyFigures {
  readonly count: number;
  readonly meanMs: number;
  /** `[percentile, milliseconds]` */
  readonly percentiles: readonly (readonly [percentile: number, milliseconds: number])[];
}

export function figuresOf(histogram: RecordableHistogram): LatencyFigures {
  const { count } = histogram;
  if (count === 0) return { count, meanMs: 0, percentiles: [] };
  const at = (percentile: number): number => {
    if (percentile === 0) return histogram.min / 1000;
    return (percentile === 100 ? histogram.max : histogram.percentile(percentile)) / 1000;
  };
  return { count, meanMs: histogram.mean / 1000, percentiles: PERCENTILES.map((p) => [p, at(p)] as const) };
}

/** NaN when there are none. */
export function percentileMs(figures: LatencyFigures, percentile: (typeof PERCENTILES)[number]): number {
  return figures.percentiles.find(([p]) => p === percentile)?.[1] ?? Number.NaN;
}
