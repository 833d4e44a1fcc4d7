/** SpikeNorm: what goes in and what comes out. */
import { axisStyle, xAxisStyle, yAxisStyle } from '../../chart/chart.js';
import { densities, histogramOf, histogramSeries } from '../../chart/histogram.js';
import { multiples } from '../../chart/multiples.js';
import type { Place, Plot } from '../../chart/plots.js';
import type { TrainedNetwork } from '../../nn/service-graph.js';
import { spikingLayers } from '../../nn/spikingrx.js';
import type { Cell, Figure } from '../figure.js';
import type { Activity } from './activity.js';
import { stepLabel } from './density-figures.js';
import { type Bins, binsFor } from './moments.js';
import { type NormValues, unfoldNorm } from './unfold-norm.js';

const BINS = 80;
const [BEFORE, AFTER] = ['before SpikeNorm', 'after SpikeNorm'] as const;

interface LayerNorm {
  readonly name: string;
  readonly steps: readonly NormValues[];
  readonly bins: Bins;
}

function layerNorms(network: TrainedNetwork, activity: Activity): LayerNorm[] {
  return spikingLayers(network.config).flatMap((layer) => {
    const steps = activity.layers
      .find(({ name }) => name === layer.name)
      ?.steps.map(({ drive }, step) => unfoldNorm(network, layer, { drive, step }));
    if (steps === undefined) return [];
    const bins = binsFor(
      steps.flatMap(({ before, after }) => [before, after]),
      BINS,
      0.002,
    );
    return [{ name: layer.name, steps, bins }];
  });
}

function histogramPlot(place: Place, { name, steps, bins }: LayerNorm, t: number): Plot {
  const { before, after } = steps[t] as NormValues;
  return {
    place,
    title: name,
    xAxis: {
      ...xAxisStyle('activation, no unit'),
      min: bins.min,
      max: bins.max,
      axisLabel: { ...axisStyle.axisLabel, formatter: rounded, hideOverlap: true },
    },
    yAxis: { ...yAxisStyle('density'), type: 'value', min: 0, nameGap: 38, splitNumber: 3 },
    series: [
      histogramSeries(histogramOf(before, bins), { name: BEFORE, index: 5 }),
      histogramSeries(histogramOf(after, bins), { name: AFTER, index: 0 }),
    ],
  };
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(2)));
}

/** Histograms of each layer before and after SpikeNorm, step by step. */
export function normFigure(network: TrainedNetwork, activity: Activity): Figure {
  const norms = layerNorms(network, activity);
  const { timeSteps } = activity;
  const look = multiples({
    title: 'Before and after SpikeNorm',
    subtitle: 'all channels and resource elements of a layer, in one time step',
    names: [BEFORE, AFTER],
    count: norms.length,
    across: Math.min(4, norms.length),
    height: 130,
    gap: { x: 66, y: 84 },
    margin: { left: 66 },
  });
  const frames = Array.from({ length: timeSteps }, (_, t) => ({
    label: stepLabel(t, timeSteps),
    option: look.chart(norms.map((norm, i) => histogramPlot(look.places[i] as Place, norm, t))),
  }));
  return {
    id: 'spike-norm',
    title: 'Before and after SpikeNorm',
    caption:
      'Grey: what the convolution gives, over all channels and resource elements. Blue: after SpikeNorm, which centres and scales each channel ' +
      'with statistics of this time step alone, then applies its own γ and bias. After it the values should be around zero and about one wide, alike in ' +
      'all layers and steps, so that a usual share of the neurons fires; a blue curve far off zero means that the frozen statistics do not fit this slot. ' +
      'The model file has SpikeNorm folded into its weights: both are worked out from the checkpoint beside it.',
    size: look.size,
    frames,
    data: { columns: TABLE_COLUMNS, rows: norms.flatMap(rowsOf) },
  };
}

const TABLE_COLUMNS = ['layer', 'time_step', 'bin_from', 'bin_to', 'density_before', 'density_after'];

function rowsOf({ name, steps, bins }: LayerNorm): Cell[][] {
  return steps.flatMap(({ before, after }, t) => {
    const histogram = histogramOf(before, bins);
    const [first, second] = [densities(histogram), densities(histogramOf(after, bins))];
    return first.map((density, i): Cell[] => [
      name,
      t + 1,
      histogram.edges[i] as number,
      histogram.edges[i + 1] as number,
      density,
      second[i] as number,
    ]);
  });
}
