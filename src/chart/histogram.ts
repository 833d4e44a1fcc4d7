/** How often values occur. Runs in Node and in a page. */
import type { LineSeriesOption } from 'echarts';
import { seriesLook } from './chart.js';

export interface Histogram {
  /** Ascending, one more than bins. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
  /** Values counted, also those beyond the edges, which no bin has. */
  readonly total: number;
}

/** Bins of one width from `min` to `max`; the last one has its upper edge too. NaN does not count. */
export function histogramOf(
  values: Iterable<number>,
  { min, max, bins }: { readonly min: number; readonly max: number; readonly bins: number },
): Histogram {
  const counts = Array.from({ length: bins }, () => 0);
  let total = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    total++;
    if (value < min || value > max) continue;
    const bin = Math.min(bins - 1, Math.floor(((value - min) / (max - min)) * bins));
    counts[bin] = (counts[bin] as number) + 1;
  }
  const edges = Array.from({ length: bins + 1 }, (_, i) => min + (i * (max - min)) / bins);
  return { edges, counts, total };
}

/** Share of all values a unit of x: several histograms compare, whatever they count. */
export function densities({ edges, counts, total }: Histogram): number[] {
  return counts.map((count, i) => count / (total || 1) / ((edges[i + 1] as number) - (edges[i] as number)));
}

export interface HistogramLook {
  readonly name: string;
  /** Of the colour. */
  readonly index: number;
  /** Of the bins; default densities. */
  readonly heights?: readonly number[];
}

/** An outline, filled lightly, so that several can lie over each other. */
export function histogramSeries(
  histogram: Histogram,
  { name, index, heights }: HistogramLook,
): LineSeriesOption {
  const { edges } = histogram;
  const values = heights ?? densities(histogram);
  const look = seriesLook(index);
  return {
    type: 'line',
    name,
    step: 'end',
    showSymbol: false,
    ...look,
    lineStyle: { ...look.lineStyle, width: 1.5 },
    areaStyle: { color: look.itemStyle.color, opacity: 0.22 },
    data: [
      [edges[0], 0],
      ...values.map((value, i) => [edges[i] as number, value]),
      [edges.at(-1), values.at(-1) ?? 0],
      [edges.at(-1), 0],
    ],
  };
}
