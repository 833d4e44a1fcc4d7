/** The playground's charts, from the values that they show. */
import type { EChartsCoreOption } from 'echarts/core';
import { axisStyle, logarithmicAxis, xAxisStyle, yAxisStyle } from '../../chart/chart.js';
import { LIGHT, SERIES_COLOURS } from '../../chart/colours.js';
import { histogramSeries } from '../../chart/histogram.js';
import { TOOLTIP } from '../charts/looks.js';
import { short } from '../ui/numbers.js';
import type { LlrHistograms, Points } from './planes.js';
import { type LayerSpikes, stepRates } from './spikes.js';
import type { ErrorRate, ErrorTally } from './tally.js';

const SMALL = { fontSize: 11 } as const;
const smallAxis = { axisLabel: { ...axisStyle.axisLabel, ...SMALL, hideOverlap: true, formatter: short } };

export const colourOfReceiver: Readonly<Record<string, number>> = {
  SpikingRx: 0,
  'LS + LMMSE': 1,
  'Perfect CSI': 2,
  'Demapper of the dump': 3,
};

function legendOf(names: readonly string[]) {
  return {
    data: [...names],
    top: 0,
    left: 0,
    padding: [2, 0],
    itemGap: 12,
    itemWidth: 14,
    itemHeight: 8,
    textStyle: { color: LIGHT.muted, ...SMALL },
  };
}

/** A cloud of symbols, with the points that were sent as crosses. */
export function constellation(points: Points, sent: Points): EChartsCoreOption {
  const axis = { ...axisStyle, ...smallAxis, type: 'value' as const, min: -1.8, max: 1.8, interval: 0.9 };
  const bare = { ...axis, axisLabel: { show: false }, axisTick: { show: false } };
  return {
    grid: { left: 6, right: 6, top: 6, bottom: 6 },
    xAxis: bare,
    yAxis: bare,
    series: [
      {
        type: 'scatter',
        silent: true,
        data: points,
        symbolSize: 3,
        clip: true,
        itemStyle: { color: SERIES_COLOURS[0], opacity: 0.5 },
      },
      {
        type: 'scatter',
        silent: true,
        data: sent,
        symbol: 'path://M0,4H8M4,0V8',
        symbolSize: 9,
        itemStyle: { color: 'none', borderColor: SERIES_COLOURS[1], borderWidth: 1.8 },
      },
    ],
  };
}

/** LLRs of bits that were 0 and of bits that were 1, or of all where nobody knows. */
export function llrHistogram({ zero, one, all }: LlrHistograms): EChartsCoreOption {
  const looks =
    zero && one
      ? [
          { histogram: zero, name: 'bit sent: 0', index: 0 },
          { histogram: one, name: 'bit sent: 1', index: 1 },
        ]
      : [{ histogram: all, name: 'all LLRs', index: 0 }];
  return {
    legend: legendOf(looks.map(({ name }) => name)),
    grid: { left: 50, right: 14, top: 28, bottom: 42 },
    xAxis: { ...xAxisStyle('LLR, ln P(0)/P(1)'), ...smallAxis, nameGap: 26 },
    yAxis: { ...yAxisStyle('LLRs'), ...smallAxis, type: 'value', nameGap: 36, splitNumber: 4 },
    series: looks.map(({ histogram, name, index }) =>
      histogramSeries(histogram, { name, index, heights: histogram.counts }),
    ),
  };
}

/** Bit error rate against SNR, every receiver with its confidence interval; without errors, where the interval ends. */
export function errorRates(tally: ErrorTally, names: readonly string[]): EChartsCoreOption {
  const points = names.map((name) =>
    tally.snrs.flatMap((snrDb) => {
      const rate = tally.at(snrDb).find(({ receiver }) => receiver === name);
      return rate === undefined ? [] : [{ snrDb, rate }];
    }),
  );
  const least = leastRate(points.flat().map(({ rate }) => rate));
  // Receivers beside each other: of a single SNR there is room, along a curve just enough to tell intervals apart.
  const apart = tally.snrs.length === 1 ? 16 : 4;
  return {
    legend: legendOf(names),
    tooltip: { ...TOOLTIP, trigger: 'item', formatter: ({ name }: { readonly name: string }) => name },
    grid: { left: 52, right: 16, top: 28, bottom: 42 },
    xAxis: { ...xAxisStyle('SNR, dB'), ...smallAxis, nameGap: 26, ...rangeOf(tally.snrs) },
    yAxis: {
      ...yAxisStyle('BER'),
      ...logarithmicAxis,
      axisLabel: { ...logarithmicAxis.axisLabel, ...SMALL },
      min: least,
      max: 1,
      nameGap: 36,
    },
    series: points.flatMap((of, i) =>
      receiverSeries(names[i] ?? '', of, { least, across: (i - (names.length - 1) / 2) * apart }),
    ),
  };
}

/** The power of ten that the axis begins at: a part of a decade below what is drawn, and two decades at least. */
export function leastRate(rates: readonly Pick<ErrorRate, 'errors' | 'ber' | 'interval'>[]): number {
  const drawn = rates.map(({ errors, ber, interval: [, high] }) => (errors === 0 ? high : ber));
  return 10 ** Math.min(-2, Math.floor(Math.log10(drawn.reduce((a, b) => Math.min(a, b), 1) / 3)));
}

function rangeOf(snrs: readonly number[]) {
  const [low = 0, high = 0] = [snrs[0], snrs.at(-1)];
  return { min: Math.floor(low) - 1, max: Math.ceil(high) + 1, minInterval: 1 };
}

function receiverSeries(
  name: string,
  points: readonly { readonly snrDb: number; readonly rate: ErrorRate }[],
  { least, across }: { readonly least: number; readonly across: number },
): object[] {
  const shown = (value: number) => Math.max(least, value);
  const color = SERIES_COLOURS[colourOfReceiver[name] ?? 5];
  return [
    {
      type: 'line',
      name,
      symbol: 'circle',
      symbolSize: 7,
      symbolOffset: [across, 0],
      itemStyle: { color },
      lineStyle: { color, width: 1.5 },
      emphasis: { disabled: true },
      data: points.map(({ snrDb, rate }) => ({
        value: [snrDb, rate.errors === 0 ? null : rate.ber],
        name: pointText(rate, snrDb),
      })),
    },
    {
      type: 'custom',
      name,
      silent: true,
      data: points.map(({ snrDb, rate }) => [snrDb, shown(rate.interval[0]), shown(rate.interval[1])]),
      encode: { x: 0, y: [1, 2] },
      itemStyle: { color },
      renderItem: (_: unknown, api: IntervalApi) => {
        const [middle, y1] = api.coord([api.value(0), api.value(1)]);
        const [, y2] = api.coord([api.value(0), api.value(2)]);
        const x = middle + across;
        // The colour as the chart has it: what is said in here is not changed for a dark page.
        const style = { stroke: api.visual('color'), lineWidth: 1.5 };
        return { type: 'line', shape: { x1: x, y1, x2: x, y2 }, style };
      },
    },
  ];
}

interface IntervalApi {
  readonly value: (dimension: number) => number;
  readonly coord: (value: readonly number[]) => readonly [number, number];
  readonly visual: (name: 'color') => string;
}

/** 1.23e-3, as error rates are read. */
export function rateText(value: number): string {
  return value === 0 ? '0' : value.toExponential(2);
}

function pointText({ receiver, errors, bits, interval, ber }: ErrorRate, snrDb: number): string {
  const [low, high] = interval.map(rateText);
  return `${receiver}, ${snrDb} dB\nBER ${rateText(ber)} (95 %: ${low} to ${high})\n${errors} of ${bits} bits`;
}

/** Firing rate of every layer, a bar for each time step. */
export function layerRates(layers: readonly LayerSpikes[]): EChartsCoreOption {
  const steps = layers[0]?.rates.length ?? 0;
  const names = Array.from({ length: steps }, (_, step) => `step ${step + 1}`);
  return {
    legend: { ...legendOf(names), show: steps > 1 },
    tooltip: { ...TOOLTIP, trigger: 'axis', axisPointer: { type: 'shadow' }, valueFormatter: percent },
    grid: { left: 46, right: 14, top: 28, bottom: 42 },
    xAxis: {
      ...xAxisStyle('block'),
      type: 'category',
      nameGap: 26,
      axisLabel: {
        ...axisStyle.axisLabel,
        ...SMALL,
        formatter: (name: string) => name.replace(/^block/, ''),
      },
      data: layers.map(({ name }) => name),
    },
    yAxis: {
      ...yAxisStyle(''),
      type: 'value',
      min: 0,
      splitNumber: 4,
      axisLabel: { ...axisStyle.axisLabel, ...SMALL, formatter: percent },
    },
    series: names.map((name, step) => ({
      type: 'bar',
      name,
      barMaxWidth: 22,
      itemStyle: { color: SERIES_COLOURS[step % SERIES_COLOURS.length] },
      data: layers.map((layer) => stepRates(layer)[step]),
    })),
  };
}

export function percent(share: unknown): string {
  return `${short(100 * Number(share))} %`;
}
