/** When neurons fire: first spikes, intervals, burstiness, rasters. */
import type { BarSeriesOption } from 'echarts';
import { axisStyle, xAxisStyle } from '../../chart/chart.js';
import { SERIES_COLOURS } from '../../chart/colours.js';
import { type ColourScale, sequentialScale } from '../../chart/colour-maps.js';
import { heatMap } from '../../chart/heat-map.js';
import type { Place, Plot } from '../../chart/plots.js';
import type { Cell, Figure } from '../figure.js';
import type { Activity, LayerActivity } from './activity.js';
import { multiples } from '../../chart/multiples.js';
import { burstiness, firstSpikes, interSpikeIntervals, momentsOfCounts } from './spike-trains.js';

interface LayerTiming {
  readonly name: string;
  /** Shares of the neurons: first spike in step 1 … T, then none. */
  readonly first: readonly number[];
  /** Shares of the intervals of 1 … T − 1 steps. */
  readonly intervals: readonly number[];
  readonly count: number;
  readonly meanInterval: number | undefined;
  readonly burstiness: number | undefined;
}

function timingOf({ name, steps }: LayerActivity): LayerTiming {
  const trains = steps.map(({ spikes }) => spikes);
  const { times, silent } = firstSpikes(trains);
  const neurons = Math.max(1, trains[0]?.length ?? 0);
  const intervals = interSpikeIntervals(trains);
  const moments = momentsOfCounts(intervals);
  return {
    name,
    first: [...times.counts, silent].map((count) => count / neurons),
    intervals: intervals.counts.map((count) => count / (moments?.count ?? 1)),
    count: moments?.count ?? 0,
    meanInterval: moments?.mean,
    burstiness: burstiness(intervals),
  };
}

const percent = (share: number): string => (100 * share).toFixed(share < 0.0995 ? 1 : 0);

interface Shares {
  readonly title: string;
  readonly xName: string;
  readonly labels: readonly string[];
  readonly rows: readonly (readonly number[])[];
}

function sharePlot(place: Place, names: readonly string[], { title, xName, labels, rows }: Shares): Plot {
  const scale: ColourScale = sequentialScale('share', [], { min: 0, max: 1 });
  return heatMap({
    place,
    plane: { rows: rows.length, columns: labels.length, values: rows.flat() },
    scale,
    x: { name: xName, labels },
    y: { name: '', labels: names },
    title,
    format: percent,
  });
}

function burstinessPlot(place: Place, timings: readonly LayerTiming[]): Plot {
  const colour = SERIES_COLOURS[0] as string;
  const bars: BarSeriesOption = {
    type: 'bar',
    data: timings.map((timing) => timing.burstiness ?? Number.NaN),
    itemStyle: { color: colour },
    barWidth: '55%',
  };
  return {
    place,
    title: 'Burstiness',
    xAxis: { ...xAxisStyle('B'), min: -1, max: 1, interval: 0.5 },
    yAxis: {
      ...axisStyle,
      type: 'category',
      inverse: true,
      data: timings.map(({ name }) => name),
      splitLine: { show: false },
      axisTick: { show: false },
    },
    series: [bars],
  };
}

/** Temporal distribution of the spikes of each layer. */
export function timingFigure({ layers, timeSteps }: Activity): Figure {
  const timings = layers.map(timingOf);
  const names = layers.map(({ name }) => name);
  const steps = Array.from({ length: timeSteps }, (_, i) => String(i + 1));
  const shares: Shares[] = [
    {
      title: 'First spike, % of the neurons',
      xName: 'time step',
      labels: [...steps, 'never'],
      rows: timings.map(({ first }) => first),
    },
    {
      title: 'Between two spikes, % of the intervals',
      xName: 'interval (time steps)',
      labels: steps.slice(0, -1),
      rows: timings.map(({ intervals }) => intervals),
    },
  ];
  const shown = timeSteps > 1 ? shares : shares.slice(0, 1);
  const { places, size, chart } = multiples({
    title: 'Timing of spikes',
    subtitle: 'of each layer, over all its neurons and one slot',
    count: timeSteps > 1 ? 3 : 1,
    across: timeSteps > 1 ? 3 : 1,
    height: Math.max(160, 34 * layers.length),
    width: timeSteps > 1 ? 980 : 520,
    gap: { x: 76, y: 74 },
    margin: { left: 76 },
  });
  const plots = [
    ...shown.map((one, i) => sharePlot(places[i] as Place, names, one)),
    ...(timeSteps > 1 ? [burstinessPlot(places[2] as Place, timings)] : []),
  ];
  return {
    id: 'spike-timing',
    title: 'Timing of spikes',
    caption: timingCaption(timeSteps),
    size,
    frames: [{ label: '', option: chart(plots) }],
    data: {
      columns: [
        'layer',
        ...steps.map((step) => `first_spike_in_step_${step}`),
        'never_fired',
        ...steps.slice(0, -1).map((step) => `interval_of_${step}_steps`),
        'intervals',
        'mean_interval_steps',
        'burstiness',
      ],
      rows: timings.map((timing): Cell[] => [
        timing.name,
        ...timing.first,
        ...timing.intervals,
        timing.count,
        timing.meanInterval ?? null,
        timing.burstiness ?? null,
      ]),
    },
  };
}

function timingCaption(timeSteps: number): string {
  const first =
    'Left: when the neurons of a layer fire for the first time, in percent; “never” is what stays silent.';
  if (timeSteps === 1) return `${first} With one time step there are no intervals.`;
  const few =
    timeSteps <= 3
      ? ` With ${timeSteps} time steps there is little room for intervals: read them of a model with more.`
      : '';
  return (
    `${first} Middle: the steps between two successive spikes of the same neuron. Right: burstiness ` +
    'B = (σ − μ)/(σ + μ) of these intervals, μ their mean and σ their standard deviation (Goh and Barabási, 2008): −1 for ' +
    `perfectly regular firing, 0 for firing by chance, towards 1 for bursts.${few} Early first spikes mean that fewer steps would do.`
  );
}

/** Channels that a raster has room for. */
const RASTER_ROWS = 64;

/** All channels of every layer at one resource element. @param re index into `[nSym, nSc]` */
export function rasterFigure({ layers, nSym, nSc, timeSteps }: Activity, re: number): Figure {
  const where = `OFDM symbol ${Math.floor(re / nSc)}, subcarrier ${re % nSc}`;
  const rows = Math.min(RASTER_ROWS, Math.max(...layers.map(({ channels }) => channels)));
  const across = Math.min(layers.length, timeSteps <= 4 ? 8 : 4);
  const { places, size, chart } = multiples({
    title: 'Raster of spikes',
    subtitle: `each row a channel, at ${where}`,
    count: layers.length,
    across,
    height: Math.max(120, 8 * rows),
    gap: { x: 44, y: 84 },
  });
  const trains = layers.map(({ steps, channels }) =>
    Array.from({ length: Math.min(rows, channels) }, (_, c) =>
      steps.map(({ spikes }) => spikes[c * nSym * nSc + re] as number),
    ),
  );
  const plots = layers.map(({ name }, l): Plot => {
    const plane = {
      rows: trains[l]?.length ?? 0,
      columns: timeSteps,
      values: (trains[l] as number[][]).flat(),
    };
    const scale = sequentialScale('spike', [], { min: 0, max: 1 });
    return heatMap({
      place: places[l] as Place,
      plane,
      scale,
      x: { name: 'time step', first: 1 },
      y: { name: l % across === 0 ? 'channel' : '' },
      title: name,
    });
  });
  return {
    id: 'raster',
    title: 'Raster of spikes',
    caption:
      `Each row is a neuron, each column a time step: bright where it fires. All channels of a layer${rows === RASTER_ROWS ? ` (the first ${RASTER_ROWS})` : ''} at one resource ` +
      `element, ${where}. Rows that change from step to step code in time; rows that are bright or dark throughout could do with one step.`,
    size,
    frames: [{ label: '', option: chart(plots) }],
    data: {
      columns: ['layer', 'channel', ...Array.from({ length: timeSteps }, (_, t) => `step_${t + 1}`)],
      rows: layers.flatMap(({ name }, l) => (trains[l] as number[][]).map((train, c) => [name, c, ...train])),
    },
  };
}
