/** Filters of a layer before and after training. */
import { axisStyle, heading, legend, xAxisStyle, yAxisStyle } from '../../chart/chart.js';
import { divergingScale } from '../../chart/colour-maps.js';
import { LIGHT } from '../../chart/colours.js';
import { colourBar, heatMap } from '../../chart/heat-map.js';
import { histogramOf, histogramSeries } from '../../chart/histogram.js';
import { type Place, type Plot, plotChart } from '../../chart/plots.js';
import type { Cell, Figure } from '../figure.js';
import { mosaic } from '../spiking/mosaic.js';
import type { Subject } from '../subject.js';
import { magnitudeQuantile, niceLimit } from '../limits.js';
import type { FilterPair } from './training.js';

/** Channels shown of each side. */
const MOST_CHANNELS = 16;
/** Weights of a kernel. */
const KERNEL = 9;
const BINS = 80;
/** Pixels. */
const SIDE = 330;
const LEFT = 62;
const TOP = 108;
const SIZE = { width: 860, height: 744 };

/** The kernels from the first input channels to the first output channels, `[out, in, 3, 3]`. */
export function firstKernels(weights: Float32Array, inChannels: number, out: number, into: number) {
  return Float32Array.from({ length: out * into * KERNEL }, (_, i) => {
    const [channel, rest] = [Math.floor(i / (into * KERNEL)), i % (into * KERNEL)];
    return weights[channel * inChannels * KERNEL + rest] as number;
  });
}

/** The layer among the blocks that training changed most. */
export function mostChanged(pairs: readonly FilterPair[]): FilterPair {
  const blocks = pairs.filter(({ layer }) => layer !== 'stem');
  return blocks.reduce((most, pair) => (pair.change > most.change ? pair : most), blocks[0] as FilterPair);
}

export function filterFigure({ model }: Subject, pairs: readonly FilterPair[]): Figure {
  const pair = mostChanged(pairs);
  const out = Math.min(MOST_CHANNELS, pair.outChannels);
  const into = Math.min(MOST_CHANNELS, pair.inChannels);
  const [before, after] = [pair.before, pair.after].map((weights) =>
    firstKernels(weights, pair.inChannels, out, into),
  ) as [Float32Array, Float32Array];
  const changes = pairs.map(({ layer, change }) => `${layer} ${change.toFixed(1)}`).join(', ');
  const plots = [...kernelPlots([before, after], { out, into }), weightPlot(pair)];
  return {
    id: 'training-filters',
    title: `Filters of ${pair.layer} before and after training`,
    caption:
      `Each small square is a 3×3 kernel of ${pair.layer}, the block that training changed most: OFDM symbols from top to ` +
      'bottom, subcarriers from left to right, in steps of the dilation; a row for each output channel, a column for each ' +
      'input channel. Red adds to the drive, blue takes from it, white does nothing; one scale for both. Before training ' +
      'weights are drawn and their neighbours know nothing of each other. After it, structure is what has been learned: ' +
      'columns that are pale are inputs which nobody listens to, kernels in rows or columns look along frequency or time. ' +
      'Below, all weights of the layer. The change is ‖w − w₀‖/‖w₀‖. Weights are those before the norm is folded in.',
    size: SIZE,
    frames: [
      {
        label: pair.layer,
        option: plotChart(plots, {
          title: heading(
            `Filters of ${pair.layer} before and after training`,
            `${model.title}; relative change by layer:\n${changes}`,
          ),
          legend: legend(NAMES),
        }),
      },
    ],
    data: {
      columns: [
        'layer',
        'output_channel',
        'input_channel',
        'tap_row',
        'tap_column',
        'weight: before',
        'weight: after',
      ],
      rows: [...before].map((weight, i): Cell[] => {
        const kernel = Math.floor(i / KERNEL);
        const tap = i % KERNEL;
        return [
          pair.layer,
          Math.floor(kernel / into),
          kernel % into,
          Math.floor(tap / 3),
          tap % 3,
          weight,
          after[i] as number,
        ];
      }),
    },
  };
}

const NAMES = ['before training', 'after training'];

function kernelPlots(
  kernels: readonly Float32Array[],
  { out, into }: { readonly out: number; readonly into: number },
): Plot[] {
  const scale = divergingScale(
    'weight',
    [],
    niceLimit(magnitudeQuantile([kernels[1] as Float32Array], 0.99)),
  );
  const height = Math.round((SIDE * out) / into);
  const places = kernels.map(
    (_, i): Place => ({ left: LEFT + i * (SIDE + 24), top: TOP, width: SIDE, height }),
  );
  const maps = kernels.map((weights, i) =>
    heatMap({
      place: places[i] as Place,
      title: NAMES[i] as string,
      empty: LIGHT.grid,
      plane: mosaic(weights, { tile: { rows: 3, columns: 3 }, across: into, down: out }),
      scale,
      x: { name: `input channels 0 to ${into - 1}`, bare: true, nameGap: 12 },
      y: { name: i === 0 ? `output channels 0 to ${out - 1}` : '', bare: true, nameGap: 14 },
    }),
  );
  return [...maps, colourBar(scale, places[1] as Place)];
}

function weightPlot({ before, after }: FilterPair): Plot {
  const limit = Math.max(magnitudeQuantile([before], 0.999), magnitudeQuantile([after], 0.999));
  const range = { min: -limit, max: limit, bins: BINS };
  return {
    place: { left: LEFT, top: TOP + SIDE + 60, width: SIZE.width - LEFT - 94, height: 166 },
    xAxis: {
      ...xAxisStyle('weight'),
      nameGap: 26,
      min: -limit,
      max: limit,
      axisLabel: { ...axisStyle.axisLabel, showMinLabel: false, showMaxLabel: false },
    },
    yAxis: { ...yAxisStyle('density'), nameGap: 36, type: 'value', min: 0, splitNumber: 4 },
    series: [before, after].map((weights, i) =>
      histogramSeries(histogramOf(weights, range), { name: NAMES[i] as string, index: i === 0 ? 5 : 0 }),
    ),
  };
}
