/** Firing rates, LLRs and filters before and after training, and the course of the training between. */
import type { BarSeriesOption } from 'echarts';
import { axisStyle, heading, legend, seriesLook, xAxisStyle, yAxisStyle } from '../../chart/chart.js';
import { densities, histogramOf, histogramSeries } from '../../chart/histogram.js';
import { plotChart } from '../../chart/plots.js';
import { TRAINING_CURVE_SIZE, trainingCurveOption } from '../../train/curve.js';
import type { Cell, Figure } from '../figure.js';
import type { FigureGroup } from '../section.js';
import type { Subject } from '../subject.js';
import { filterFigure } from './filter-change.js';
import { magnitudeQuantile, niceLimit } from '../limits.js';
import { percent, slotsLikeName } from './receivers.js';
import { meanOf } from './runs.js';
import { type Behaviour, type BeforeAndAfter, beforeAndAfter, TRAINING_SLOTS } from './training.js';

export const trainingCurveGroup: FigureGroup = {
  name: 'course of the training',
  draw: ({ model }) => {
    if (model.log === undefined) return Promise.resolve([]);
    const [columns, values] = [[...model.log.keys()], [...model.log.values()]];
    const activation = model.network?.activation;
    const figure: Figure = {
      id: 'training-curve',
      title: 'Training curves',
      caption:
        'Above, loss and bit error rate of the training data over the steps, both better the lower. A loss that still falls ' +
        'at the end would gain from more steps, one that jumps has a learning rate that is too high. Below, how often the ' +
        'neurons of each layer fire: rates near 0 or 1 tell of a layer that says nothing any more.',
      size: TRAINING_CURVE_SIZE,
      frames: [
        {
          label: 'training',
          option: trainingCurveOption(model.log, {
            title: `Training of ${model.title}`,
            ...(activation && { activation }),
          }),
        },
      ],
      data: { columns, rows: (values[0] ?? []).map((_, i) => values.map((column) => column[i] as number)) },
    };
    return Promise.resolve([figure]);
  },
};

export const beforeAfterGroup: FigureGroup = {
  name: 'before and after training',
  draw: async (subject) => {
    const pair = await beforeAndAfter(subject);
    if (pair === undefined) return [];
    return [
      ...(pair.after.firingRates.size > 0 ? [rateFigure(subject, pair)] : []),
      llrFigure(subject, pair),
      ...(pair.filters.length > 0 ? [filterFigure(subject, pair.filters)] : []),
    ];
  },
};

/** What "before" is. */
export function startName({ model }: Subject): string {
  const warm = model.training?.startFrom !== undefined;
  return (
    'Before is the network with the weights that its seed draws, normalised by the statistics of these slots as training ' +
    `does at its first step${warm ? '; this training did not start there, but from another checkpoint' : ''}. `
  );
}

const STAGES = ['before training', 'after training'] as const;

function rateFigure(subject: Subject, { before, after }: BeforeAndAfter): Figure {
  const layers = [...after.firingRates.keys()];
  const size = { width: 860, height: 400 };
  const behaviours: readonly Behaviour[] = [before, after];
  const plot = {
    place: { left: 74, top: 82, width: size.width - 102, height: size.height - 82 - 76 },
    xAxis: {
      ...axisStyle,
      type: 'category' as const,
      splitLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...axisStyle.axisLabel, interval: 0 },
      data: layers,
    },
    yAxis: { ...yAxisStyle('spikes per neuron and step'), type: 'value' as const, min: 0 },
    series: behaviours.map(
      ({ firingRates }, i): BarSeriesOption => ({
        type: 'bar',
        name: STAGES[i] as string,
        itemStyle: seriesLook(i === 0 ? 5 : 0).itemStyle,
        barGap: '8%',
        barCategoryGap: '30%',
        data: layers.map((layer) => meanOf(firingRates.get(layer) ?? [])),
      }),
    ),
  };
  return {
    id: 'training-firing-rates',
    title: 'Firing rates before and after training',
    caption:
      `Spikes per neuron and step in each layer, the mean over ${slotsLikeName(subject, TRAINING_SLOTS)}. ` +
      startName(subject) +
      'Settings are good when layers start at 0.15 to 0.3: gradients then reach their neurons. Where training ends is its ' +
      'own choice; no loss asks for few spikes, and a layer near 0 has been given up.',
    size,
    frames: [
      {
        label: 'firing rates',
        option: plotChart([plot], {
          title: heading('Firing rates before and after training', subject.model.title),
          legend: legend(STAGES),
        }),
      },
    ],
    data: {
      columns: ['layer', 'time_step', 'spikes_per_neuron: before', 'spikes_per_neuron: after'],
      rows: layers.flatMap((layer) =>
        (after.firingRates.get(layer) ?? []).map((rate, step): Cell[] => [
          layer,
          step + 1,
          before.firingRates.get(layer)?.[step] ?? null,
          rate,
        ]),
      ),
    },
  };
}

const BINS = 80;

/** What the LLRs are worth, in words. */
function worth({ bitErrorRate, gmi }: Behaviour): string {
  return `${percent(bitErrorRate)} of the bits wrong, GMI ${gmi.toFixed(2).replace('-', '−')} bit per data RE`;
}

function llrFigure(subject: Subject, { before, after }: BeforeAndAfter): Figure {
  const limit = niceLimit(magnitudeQuantile([after.signedLlrs], 0.995));
  const size = { width: 860, height: 420 };
  const histograms = [before, after].map(({ signedLlrs }) =>
    histogramOf(signedLlrs, { min: -limit / 2, max: limit, bins: BINS }),
  );
  const plot = {
    place: { left: 74, top: 92, width: size.width - 102, height: size.height - 92 - 92 },
    xAxis: { ...xAxisStyle('LLR towards what was sent'), min: -limit / 2, max: limit },
    yAxis: { ...yAxisStyle('density (1/LLR)'), type: 'value' as const, min: 0 },
    series: histograms.map((histogram, i) =>
      histogramSeries(histogram, { name: STAGES[i] as string, index: i === 0 ? 5 : 0 }),
    ),
  };
  return {
    id: 'training-llrs',
    title: 'LLRs before and after training',
    caption:
      `LLRs of all bits of ${slotsLikeName(subject, TRAINING_SLOTS)}, with the sign turned so that right decisions are on ` +
      `the right, whatever was sent. ${startName(subject)}Training moves the hill to the right and leaves little on the left ` +
      `of 0. A network that knows nothing has a narrow hill about 0, as wrong as right. The axis ends at −${limit / 2} and ${limit}.`,
    size,
    frames: [
      {
        label: 'LLRs',
        option: plotChart([plot], {
          title: heading(
            'LLRs before and after training',
            `before: ${worth(before)}\nafter: ${worth(after)}`,
          ),
          legend: legend(STAGES),
        }),
      },
    ],
    data: {
      columns: ['stage', 'llr_from', 'llr_to', 'count', 'density_per_llr'],
      rows: histograms.flatMap((histogram, stage) =>
        densities(histogram).map((density, i): Cell[] => [
          STAGES[stage] as string,
          histogram.edges[i] as number,
          histogram.edges[i + 1] as number,
          histogram.counts[i] as number,
          density,
        ]),
      ),
    },
  };
}
