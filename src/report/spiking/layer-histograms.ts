/** Histograms of all layers, with axes that stay the same from step to step. */
import { axisStyle, xAxisStyle, yAxisStyle } from '../../chart/chart.js';
import { densities, type Histogram } from '../../chart/histogram.js';
import { multiples } from '../../chart/multiples.js';
import type { Place, Plot } from '../../chart/plots.js';
import type { Figure } from '../figure.js';
import { stepLabel } from './density-figures.js';
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

/** A plot of histograms for each layer, side by side. */
export interface LayerHistograms<Layer> {
  readonly title: string;
  readonly subtitle: string;
  /** Of the series. */
  readonly names: readonly string[];
  readonly layers: readonly Layer[];
  readonly timeSteps: number;
  /** @param step from 0 */
  readonly plot: (place: Place, layer: Layer, step: number) => Plot;
}

/** A frame for each time step. */
export function layerHistograms<Layer>({
  title,
  subtitle,
  names,
  layers,
  timeSteps,
  plot,
}: LayerHistograms<Layer>): Pick<Figure, 'title' | 'size' | 'frames'> {
  const look = multiples({
    title,
    subtitle,
    names,
    count: layers.length,
    across: Math.min(4, layers.length),
    height: 130,
    gap: { x: 66, y: 84 },
    margin: { left: 66 },
  });
  const frames = Array.from({ length: timeSteps }, (_, t) => ({
    label: stepLabel(t, timeSteps),
    option: look.chart(layers.map((layer, i) => plot(look.places[i] as Place, layer, t))),
  }));
  return { title, size: look.size, frames };
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(2)));
}
