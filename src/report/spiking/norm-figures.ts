/** SpikeNorm: what goes in and what comes out. */
import { densities, type Histogram, histogramOf, histogramSeries } from '../../chart/histogram.js';
import type { Place, Plot } from '../../chart/plots.js';
import type { TrainedNetwork } from '../../nn/service-graph.js';
import { spikingLayers } from '../../nn/spikingrx.js';
import type { Cell, Figure } from '../figure.js';
import type { Activity } from './activity.js';
import { densityAxis, histogramAxis, layerHistograms } from './layer-histograms.js';
import { type Bins, binsFor } from './moments.js';
import { type NormValues, unfoldNorm } from './unfold-norm.js';

const BINS = 80;
const [BEFORE, AFTER] = ['before SpikeNorm', 'after SpikeNorm'] as const;

/** Histograms before and after, of one time step. */
interface StepHistograms {
  readonly before: Histogram;
  readonly after: Histogram;
}

interface LayerNorm {
  readonly name: string;
  readonly bins: Bins;
  readonly steps: readonly StepHistograms[];
}

function layerNorms(network: TrainedNetwork, activity: Activity): LayerNorm[] {
  return spikingLayers(network.config).flatMap((layer) => {
    const steps = activity.layers
      .find(({ name }) => name === layer.name)
      ?.steps.map(({ drive }, step) => unfoldNorm(network, layer, { drive, step }));
    if (steps === undefined) return [];
    return [{ name: layer.name, ...histograms(steps) }];
  });
}

function histograms(steps: readonly NormValues[]): Omit<LayerNorm, 'name'> {
  const all = steps.flatMap(({ before, after }) => [before, after]);
  const bins = binsFor(all, BINS, 0.002);
  return {
    bins,
    steps: steps.map(({ before, after }) => ({
      before: histogramOf(before, bins),
      after: histogramOf(after, bins),
    })),
  };
}

function histogramPlot(place: Place, { name, steps, bins }: LayerNorm, t: number): Plot {
  const { before, after } = steps[t] as StepHistograms;
  return {
    place,
    title: name,
    xAxis: histogramAxis('activation, no unit', bins),
    yAxis: densityAxis(steps.flatMap((step) => [step.before, step.after])),
    series: [
      histogramSeries(before, { name: BEFORE, index: 5 }),
      histogramSeries(after, { name: AFTER, index: 0 }),
    ],
  };
}

/** Histograms of each layer before and after SpikeNorm, step by step. */
export function normFigure(network: TrainedNetwork, activity: Activity): Figure {
  const norms = layerNorms(network, activity);
  const drawn = layerHistograms({
    title: 'Before and after SpikeNorm',
    subtitle: 'all channels and resource elements of a layer, in one time step',
    names: [BEFORE, AFTER],
    layers: norms,
    timeSteps: activity.timeSteps,
    plot: histogramPlot,
  });
  return {
    id: 'spike-norm',
    ...drawn,
    caption:
      'Grey: what the convolution gives, over all channels and resource elements. Blue: after SpikeNorm, which centres and scales each channel ' +
      'with statistics of this time step alone, then applies its own γ and bias. After it the values should be around zero and about one wide, alike in ' +
      'all layers and steps, so that a usual share of the neurons fires; a blue curve far off zero means that the frozen statistics do not fit this slot. ' +
      'The model file has SpikeNorm folded into its weights: both are worked out from the checkpoint beside it.',
    data: { columns: TABLE_COLUMNS, rows: norms.flatMap(rowsOf) },
  };
}

const TABLE_COLUMNS = ['layer', 'time_step', 'bin_from', 'bin_to', 'density_before', 'density_after'];

function rowsOf({ name, steps }: LayerNorm): Cell[][] {
  return steps.flatMap(({ before, after }, t) => {
    const [first, second] = [densities(before), densities(after)];
    return first.map((density, i): Cell[] => [
      name,
      t + 1,
      before.edges[i] as number,
      before.edges[i + 1] as number,
      density,
      second[i] as number,
    ]);
  });
}
