/** Axes of histograms that stay the same from step to step. */
import { axisStyle, xAxisStyle, yAxisStyle } from '../../chart/chart.js';
import { densities, type Histogram } from '../../chart/histogram.js';
import type { Bins } from './moments.js';

/** @param name of the values, with their unit */
export function histogramAxis(name: string, { min, max }: Bins) {
  const ends = { showMinLabel: false, showMaxLabel: false };
  const axisLabel = { ...axisStyle.axisLabel, formatter: rounded, hideOverlap: true, ...ends };
  return { ...xAxisStyle(name), min, max, axisLabel };
}

/** High enough for all of the histograms. */
export function densityAxis(histograms: readonly Histogram[]) {
  const highest = Math.max(...histograms.flatMap(densities));
  const axisLabel = { ...axisStyle.axisLabel, formatter: rounded, hideOverlap: true, showMaxLabel: false };
  return {
    ...yAxisStyle('density'),
    type: 'value' as const,
    min: 0,
    max: Number((1.05 * highest).toPrecision(2)) || 1,
    nameGap: 38,
    splitNumber: 3,
    axisLabel,
  };
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(2)));
}
