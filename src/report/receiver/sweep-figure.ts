/** Firing rates, GMI and bit errors over β and θ. */
import type { EChartsCoreOption, LineSeriesOption } from 'echarts';
import { heading, legend, seriesLook, xAxisStyle, yAxisStyle } from '../../chart/chart.js';
import { type ColourScale, sequentialScale } from '../../chart/colour-maps.js';
import { LIGHT } from '../../chart/colours.js';
import { colourBar, heatMap } from '../../chart/heat-map.js';
import { type Place, type Plot, plotChart, tiles } from '../../chart/plots.js';
import type { SpikingRxConfig } from '../../nn/config.js';
import type { NeuronSettings } from '../../onnx/neuron-inputs.js';
import type { Figure } from '../figure.js';
import type { FigureGroup } from '../section.js';
import type { Subject } from '../subject.js';
import { slotsLike, slotsLikeName } from './receivers.js';
import { type SweepPoint, sweepNeurons } from './sweep.js';

const BETAS = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98] as const;
/** Of the model's own θ. */
const THRESHOLD_FACTORS = [0.5, 0.65, 0.8, 1, 1.25, 1.6, 2] as const;
const SLOTS = 8;

export const sweepGroup: FigureGroup = {
  name: 'β and θ',
  draw: async (subject, progress) => {
    const { model } = subject;
    const slots = slotsLike(subject, SLOTS);
    const own = neuronsOf(model.network);
    if (own === undefined || slots.length === 0) return [];
    const betas = [...new Set([...BETAS, own.beta])].toSorted((a, b) => a - b);
    const thresholds = THRESHOLD_FACTORS.map((factor) => Number((factor * own.threshold).toPrecision(3)));
    const { bytes, modulation } = model;
    const total = betas.length * thresholds.length;
    const points = await sweepNeurons({ bytes, modulation, own, betas, thresholds, slots }, (done) => {
      if (done % betas.length === 0) progress(`β and θ: ${done} of ${total}`);
    });
    return [sweepFigure(subject, { points, betas, thresholds, own })];
  },
};

/** The settings that all neurons share; layers with a β of their own, which was trained, have none. */
function neuronsOf(network: SpikingRxConfig | undefined): NeuronSettings | undefined {
  if (network === undefined || network.activation !== 'lif' || network.trainBeta) return undefined;
  return { beta: network.beta, threshold: network.threshold };
}

export interface SweepFigure {
  /** θ by θ, and for each all β. */
  readonly points: readonly SweepPoint[];
  readonly betas: readonly number[];
  readonly thresholds: readonly number[];
  readonly own: NeuronSettings;
}

/** Pixels. */
const WIDTH = 860;
const LEFT = 62;
const ACROSS = 4;
const RATE_AREA = { left: LEFT, top: 106, width: WIDTH - LEFT - 96 };
const RATE_HEIGHT = 128;
const LOWER_HEIGHT = 216;
const LABEL_WIDTH = 30;

export function sweepFigure(subject: Subject, sweep: SweepFigure): Figure {
  const { points, own } = sweep;
  const layers = [...(points[0]?.firingRates.keys() ?? [])];
  const down = Math.ceil((layers.length + 1) / ACROSS);
  const upper: Place = { ...RATE_AREA, height: down * RATE_HEIGHT + (down - 1) * 34 };
  const top = upper.top + upper.height + 86;
  const height = top + LOWER_HEIGHT + 96;
  const plots = [...ratePlots(sweep, layers, upper), ...lowerPlots(sweep, top)];
  const option: EChartsCoreOption = plotChart(plots, {
    title: heading(
      'Firing rates and quality over β and θ',
      `${subject.model.title}, framed: its β = ${own.beta} and θ = ${own.threshold}\n${slotsLikeName(subject, SLOTS)}`,
    ),
    legend: legend(tradeOffNames(sweep)),
  });
  return {
    id: 'beta-theta',
    title: 'Firing rates and quality over β and θ',
    caption:
      'The upper maps: spikes per neuron and step in every layer, and their mean, with the decay β from left to right and ' +
      'the threshold θ from top to bottom; the framed cell is the model as it is. A lower θ and a lower β (of which 1 − β ' +
      'scales the current) make neurons fire more. Below: what remains of the GMI, and the share of wrong bits. Right: ' +
      'GMI against firing rate, a line for each θ along β; the ring is the model. Spikes cost energy, so up and to the ' +
      'left is better. Weights and norm statistics stay those of training: the maps show how far the neurons may drift ' +
      'from their settings, not what a network trained with others would reach. GMI below 0 is drawn as 0.',
    size: { width: WIDTH, height },
    frames: [{ label: 'sweep', option }],
    data: {
      columns: [
        'beta',
        'theta',
        ...layers.map((layer) => `spikes_per_neuron_and_step: ${layer}`),
        'spikes_per_neuron_and_step: mean',
        'gmi_bit_per_re',
        'ber',
      ],
      rows: points.map((point) => [
        point.beta,
        point.threshold,
        ...layers.map((layer) => point.firingRates.get(layer) ?? null),
        point.firingRate,
        point.gmi,
        point.bitErrorRate,
      ]),
    },
  };
}

interface SweepMap {
  readonly place: Place;
  readonly title: string;
  readonly scale: ColourScale;
  readonly value: (point: SweepPoint) => number;
  readonly format?: (value: number) => string;
  readonly namesX: boolean;
  readonly namesY: boolean;
}

function sweepMap({ points, betas, thresholds, own }: SweepFigure, map: SweepMap): Plot {
  const { place, title, scale, value, format, namesX, namesY } = map;
  return heatMap({
    place,
    title,
    plane: { rows: thresholds.length, columns: betas.length, values: points.map(value) },
    scale,
    x: { name: namesX ? 'β' : '', labels: betaLabels(place, betas, own.beta), bare: !namesX, nameGap: 24 },
    y: { name: namesY ? 'θ' : '', labels: thresholds.map(String), bare: !namesY, nameGap: 38 },
    marks: [{ row: thresholds.indexOf(own.threshold), column: betas.indexOf(own.beta) }],
    ...(format && { format }),
  });
}

/** Where cells are too narrow for all labels: every second, that of the model among them. */
function betaLabels({ width }: Place, betas: readonly number[], own: number): string[] {
  const isRoomy = width / betas.length > LABEL_WIDTH;
  return betas.map((beta, i) => (isRoomy || (i - betas.indexOf(own)) % 2 === 0 ? String(beta) : ''));
}

/** A map for each layer and one of their mean, on one scale. */
function ratePlots(sweep: SweepFigure, layers: readonly string[], area: Place): Plot[] {
  const places = tiles(area, layers.length + 1, { across: ACROSS, gap: { x: 22, y: 34 } });
  const rates = sweep.points.flatMap(({ firingRates }) => [...firingRates.values()]);
  const scale = sequentialScale('spikes per neuron', rates, { min: 0 });
  const maps = [
    ...layers.map((layer) => ({
      title: layer,
      value: ({ firingRates }: SweepPoint) => firingRates.get(layer) ?? Number.NaN,
    })),
    { title: 'mean of the layers', value: ({ firingRate }: SweepPoint) => firingRate },
  ];
  const plots = maps.map((map, i) =>
    sweepMap(sweep, {
      ...map,
      place: places[i] as Place,
      scale,
      namesX: i + ACROSS >= maps.length,
      namesY: i % ACROSS === 0,
    }),
  );
  return [...plots, colourBar(scale, area)];
}

/** A negative GMI is of no use to anybody, like one of 0. */
function shownGmi({ gmi }: SweepPoint): number {
  return Math.max(0, gmi);
}

function lowerPlots(sweep: SweepFigure, top: number): Plot[] {
  const place = (left: number, width: number): Place => ({ left, top, width, height: LOWER_HEIGHT });
  const maps = [
    {
      place: place(LEFT, 226),
      title: 'GMI (bit per data RE)',
      value: shownGmi,
      format: (value: number) => value.toFixed(1),
      namesY: true,
    },
    {
      place: place(LEFT + 244, 226),
      title: 'wrong bits (%)',
      value: ({ bitErrorRate }: SweepPoint) => 100 * bitErrorRate,
      format: (value: number) => value.toFixed(value < 9.95 ? 1 : 0),
      namesY: false,
    },
  ];
  const drawn = maps.map((map) =>
    sweepMap(sweep, {
      ...map,
      scale: sequentialScale(map.title, sweep.points.map(map.value), { min: 0 }),
      namesX: true,
    }),
  );
  return [...drawn, tradeOff(sweep, place(LEFT + 548, 226))];
}

/** Every second θ: more lines would be a thicket. */
function tradeOffThresholds({ thresholds, own }: SweepFigure): number[] {
  const at = thresholds.indexOf(own.threshold);
  return thresholds.filter((_, i) => (i - at) % 2 === 0 || i === at);
}

function tradeOffNames(sweep: SweepFigure): string[] {
  return tradeOffThresholds(sweep).map((threshold) => `θ = ${threshold}`);
}

/** GMI against firing rate: a line for each θ, along β. */
function tradeOff(sweep: SweepFigure, place: Place): Plot {
  const lines = tradeOffThresholds(sweep).map((threshold, i): LineSeriesOption => {
    const points = sweep.points.filter((point) => point.threshold === threshold);
    return {
      type: 'line',
      name: `θ = ${threshold}`,
      ...seriesLook(i),
      symbolSize: 5,
      data: points.map((point) => [point.firingRate, shownGmi(point)]),
    };
  });
  const isOwn = ({ beta, threshold }: SweepPoint) =>
    beta === sweep.own.beta && threshold === sweep.own.threshold;
  const ring = {
    type: 'scatter' as const,
    symbolSize: 14,
    itemStyle: { color: 'transparent', borderColor: LIGHT.text, borderWidth: 2 },
    data: sweep.points.filter(isOwn).map((point) => [point.firingRate, shownGmi(point)]),
  };
  return {
    place,
    title: 'trade-off along β',
    xAxis: { ...xAxisStyle('spikes per neuron and step'), nameGap: 26, min: 0, splitNumber: 4 },
    yAxis: { ...yAxisStyle('GMI (bit per data RE)'), type: 'value' as const, nameGap: 34, min: 0 },
    series: [...lines, ring],
  };
}
