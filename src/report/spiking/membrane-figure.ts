/** Where the membrane potentials of a layer lie, and how many reach the threshold. */
import { RED } from '../../chart/colours.js';
import { densities, type Histogram, histogramOf, histogramSeries } from '../../chart/histogram.js';
import type { Place, Plot } from '../../chart/plots.js';
import type { Cell, Figure } from '../figure.js';
import type { Activity } from './activity.js';
import { densityAxis, histogramAxis, layerHistograms } from './layer-histograms.js';
import { type Bins, binsFor } from './moments.js';

const BINS = 80;
const [POTENTIAL, THRESHOLD] = ['membrane potential', 'threshold'] as const;

interface LayerPotentials {
  readonly name: string;
  readonly bins: Bins;
  /** One for each time step. */
  readonly histograms: readonly Histogram[];
}

function potentialsOf({ layers }: Activity): LayerPotentials[] {
  return layers.map(({ name, steps }) => {
    const membranes = steps.map(({ membrane }) => membrane);
    const { min, max } = binsFor(membranes, BINS, 0.002);
    // The threshold is always in sight.
    const bins = { min: Math.min(min, 0), max: Math.max(max, 1.5), bins: BINS };
    return { name, bins, histograms: membranes.map((membrane) => histogramOf(membrane, bins)) };
  });
}

function potentialPlot(place: Place, { name, bins, histograms }: LayerPotentials, t: number): Plot {
  const yAxis = densityAxis(histograms);
  return {
    place,
    title: name,
    xAxis: histogramAxis('potential (units of θ)', bins),
    yAxis,
    series: [
      histogramSeries(histograms[t] as Histogram, { name: POTENTIAL, index: 0 }),
      {
        type: 'line',
        name: THRESHOLD,
        symbol: 'none',
        data: [
          [1, 0],
          [1, yAxis.max],
        ],
        lineStyle: { color: RED, width: 1.5, type: 'dashed' },
        itemStyle: { color: RED },
      },
    ],
  };
}

/** Histograms of the potentials of each layer before the reset, step by step. */
export function membraneFigure(activity: Activity): Figure {
  const layers = potentialsOf(activity);
  const drawn = layerHistograms({
    title: 'Membrane potentials',
    subtitle: 'of all neurons of a layer in one time step, before the reset',
    names: [POTENTIAL, THRESHOLD],
    layers,
    timeSteps: activity.timeSteps,
    plot: potentialPlot,
  });
  return {
    id: 'membrane-potentials',
    ...drawn,
    caption:
      'The distribution of the membrane potential over all neurons of each layer in this time step, in units of θ. What lies right of the red line ' +
      'fires: its share is the spike density. From step to step the part near the threshold is charged over it. A layer whose potentials all lie far ' +
      'left of the line is silent whatever comes; one that lies far right fires all the time and loses what it is told.',
    data: {
      columns: ['layer', 'time_step', 'bin_from_theta', 'bin_to_theta', 'density'],
      rows: layers.flatMap(({ name, histograms }) =>
        histograms.flatMap((histogram, t) =>
          densities(histogram).map((density, i): Cell[] => [
            name,
            t + 1,
            histogram.edges[i] as number,
            histogram.edges[i + 1] as number,
            density,
          ]),
        ),
      ),
    },
  };
}
