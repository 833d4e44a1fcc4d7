/** Constellations of a slot before and after equalisation. */
import type { ScatterSeriesOption } from 'echarts';
import { axisStyle, heading, legend, xAxisStyle, yAxisStyle } from '../../chart/chart.js';
import { LIGHT, SERIES_COLOURS } from '../../chart/colours.js';
import { type Place, plotChart, tiles } from '../../chart/plots.js';
import { bitsPerSymbol, constellation, type Modulation, modulate } from '../../nr/qam.js';
import { codewordOrder } from '../../nr/resource-map.js';
import { combine } from '../../phy/receivers/combine.js';
import type { ReceivedSlot } from '../../phy/slot.js';
import { type Figure, float32Cell } from '../figure.js';
import type { FigureGroup } from '../section.js';
import type { Subject } from '../subject.js';
import { channelsOf, type NamedChannel } from './channel.js';
import { dots } from './dots.js';
import { errorsPerSymbol } from './errors.js';
import { wrongBits } from './receivers.js';

export const constellationGroup: FigureGroup = {
  name: 'constellations of the slot',
  draw: async (subject) => [constellationFigure(subject, await channelsOf(subject))],
};

export interface SymbolCloud {
  readonly name: string;
  /** `[2, n]` (re plane, im plane), data REs in codeword order. */
  readonly symbols: Float32Array;
}

/** What antenna 0 received at the data REs. */
export function rawSymbols({ rxGrid, dataMask }: ReceivedSlot): Float32Array {
  const order = codewordOrder(dataMask);
  const plane = dataMask.length;
  return Float32Array.from(
    { length: 2 * order.length },
    (_, i) => rxGrid[(order[i % order.length] as number) + (i < order.length ? 0 : plane)] as number,
  );
}

/**
 * Matched filter `Σ_r ĥ*_r y_r / √(Σ_r |ĥ_r|²)`: the phase is right, the amplitude still that of the channel. It is
 * the combined symbol times the square root of its gain.
 */
export function matchedFilter(slot: ReceivedSlot, channel: Float32Array): Float32Array {
  const { symbols } = combine(slot, channel);
  const order = codewordOrder(slot.dataMask);
  const plane = slot.dataMask.length;
  return symbols.map((value, i) => {
    let gain = 0;
    for (let at = order[i % order.length] as number; at < channel.length; at += plane)
      gain += (channel[at] as number) ** 2;
    return value * Math.sqrt(gain);
  });
}

/** RMS of the distance from what was sent, as a share of the RMS of a symbol. @param symbols both `[2, n]` */
export function errorVectorMagnitude(symbols: Float32Array, sent: Float32Array): number {
  const sum = symbols.reduce((total, x, i) => total + (x - (sent[i] as number)) ** 2, 0);
  return Math.sqrt((2 * sum) / symbols.length);
}

function cloudsOf({ slot }: Subject, channels: readonly NamedChannel[]): SymbolCloud[] {
  const { received } = slot;
  const of = (name: string): NamedChannel | undefined => channels.find((channel) => channel.name === name);
  const equalised = ({ channel, errorVariance }: NamedChannel): Float32Array =>
    combine(received, channel, errorVariance).symbols;
  const ls = of('LS, interpolated') as NamedChannel;
  const [lmmse, truth] = [of('LMMSE'), of('true channel')];
  const own = channels.find(({ kind }) => kind === 'network');
  return [
    { name: 'received, antenna 0', symbols: rawSymbols(received) },
    { name: 'matched filter, LS', symbols: matchedFilter(received, ls.channel) },
    { name: 'LS + LMMSE', symbols: equalised(ls) },
    ...(own ? [{ name: 'LMMSE, features of SpikingRx', symbols: equalised(own) }] : []),
    ...(lmmse ? [{ name: 'LMMSE + LMMSE', symbols: equalised(lmmse) }] : []),
    ...(truth ? [{ name: 'LMMSE, perfect CSI', symbols: equalised(truth) }] : []),
  ];
}

/** More would be one blot. */
const MOST_POINTS = 1200;
const ACROSS = 3;
const SIDE = 216;

/** Half the side of a plot: a cloud's 99.5 %, or what holds the constellation with room around it. */
function reachOf({ symbols }: SymbolCloud, isRaw: boolean): number {
  if (!isRaw) return 1.8;
  const sorted = symbols.map(Math.abs).toSorted();
  return sorted[Math.floor(0.995 * (sorted.length - 1))] ?? 1;
}

function constellationFigure(subject: Subject, channels: readonly NamedChannel[]): Figure {
  const { model, slot } = subject;
  const clouds = cloudsOf(subject, channels);
  const sent = slot.bits === undefined ? undefined : modulate(slot.bits, model.modulation);
  const wrong =
    slot.bits === undefined
      ? undefined
      : errorsPerSymbol(wrongBits(subject.llrs, slot.bits), bitsPerSymbol(model.modulation));
  const down = Math.ceil(clouds.length / ACROSS);
  const area = { left: 62, top: 88, width: 3 * SIDE + 2 * 64, height: down * SIDE + (down - 1) * 62 };
  const places = tiles(area, clouds.length, { across: ACROSS, gap: { x: 64, y: 62 } });
  const plots = clouds.map((cloud, i) => ({
    place: places[i] as Place,
    title: sent && i > 1 ? `${cloud.name}: EVM ${evm(cloud, sent)}` : cloud.name,
    ...squareAxes(niceReach(reachOf(cloud, i < 2))),
    series: [...cloudSeries(cloud, wrong), ...(i < 2 ? [] : [points(model.modulation)])],
  }));
  const names = wrong === undefined ? [] : ['all bits right', 'a wrong bit'];
  return {
    id: 'constellation',
    title: 'Constellation before and after equalisation',
    caption: captionOf(
      wrong !== undefined,
      channels.some(({ kind }) => kind === 'true'),
    ),
    size: { width: 860, height: area.top + area.height + (names.length > 0 ? 88 : 56) },
    frames: [
      {
        label: 'constellations',
        option: plotChart(plots, {
          title: heading(
            'Constellation before and after equalisation',
            `${model.modulation}, ${slot.origin}, ${slot.received.snrDb.toFixed(1)} dB`,
          ),
          ...(names.length > 0 && { legend: legend(names) }),
        }),
      },
    ],
    data: constellationData(subject, clouds, wrong),
  };
}

/** @param truth whether the true channel is known too */
function captionOf(bits: boolean, truth: boolean): string {
  const noise = truth ? '; perfect CSI is what the noise alone leaves' : '';
  const between = truth ? ': where they lie between two crosses even with perfect CSI, it was the noise' : '';
  return (
    `A point for each data resource element, at most ${MOST_POINTS} of them. As received they are a cloud: each has the gain and ` +
    'phase of its channel. The matched filter turns them back, so that the cloud has axes; the channel’s magnitude is ' +
    `still in it. Divided by the gain they gather around the crosses, the points that are sent${noise}.` +
    (bits
      ? ' EVM is the RMS distance from what was sent over the RMS of a symbol: REs in a fade have most of it, and a ' +
        `demapper knows that they do. Orange are the symbols in which SpikingRx has a wrong bit, in every plot the same${between}.`
      : '')
  );
}

function evm({ symbols }: SymbolCloud, sent: Float32Array): string {
  return `${(100 * errorVectorMagnitude(symbols, sent)).toFixed(0)} %`;
}

function niceReach(reach: number): number {
  return Math.ceil(reach * 5) / 5;
}

function squareAxes(reach: number) {
  const axis = { type: 'value' as const, min: -reach, max: reach, splitNumber: 4 };
  const label = { ...axisStyle.axisLabel, showMinLabel: false, showMaxLabel: false };
  return {
    xAxis: { ...xAxisStyle('real part'), ...axis, nameGap: 24, axisLabel: label },
    yAxis: { ...yAxisStyle('imaginary part'), ...axis, nameGap: 34, axisLabel: label },
  };
}

function cloudSeries({ symbols }: SymbolCloud, wrong: Uint8Array | undefined) {
  const n = symbols.length / 2;
  const step = Math.max(1, Math.ceil(n / MOST_POINTS));
  const shown = Array.from({ length: Math.ceil(n / step) }, (_, i) => i * step);
  const pointsOf = (indices: readonly number[]) =>
    indices.map((i): [number, number] => [symbols[i] as number, symbols[n + i] as number]);
  const [blue, orange] = SERIES_COLOURS as [string, string];
  const isWrong = (i: number): boolean => (wrong?.[i] ?? 0) > 0;
  return [
    dots({
      points: pointsOf(shown.filter((i) => !isWrong(i))),
      colour: blue,
      size: 2.6,
      opacity: 0.6,
      name: 'all bits right',
    }),
    dots({
      points: pointsOf(shown.filter(isWrong)),
      colour: orange,
      size: 3.6,
      opacity: 0.9,
      name: 'a wrong bit',
    }),
  ];
}

/** The points that are sent. */
function points(modulation: Modulation): ScatterSeriesOption {
  const ideal = constellation(modulation);
  const size = ideal.length / 2;
  return {
    type: 'scatter',
    silent: true,
    symbol: 'path://M4 0h2v4h4v2h-4v4h-2v-4h-4v-2h4z',
    symbolSize: size > 16 ? 6 : 8,
    itemStyle: { color: LIGHT.text },
    data: Array.from({ length: size }, (_, i) => [ideal[i] as number, ideal[size + i] as number]),
  };
}

function constellationData(
  { slot }: Subject,
  clouds: readonly SymbolCloud[],
  wrong: Uint8Array | undefined,
): Figure['data'] {
  const order = codewordOrder(slot.received.dataMask);
  const { nSc } = slot.received.shape;
  const n = order.length;
  return {
    columns: [
      'ofdm_symbol',
      'subcarrier',
      ...clouds.flatMap(({ name }) => [`re: ${name}`, `im: ${name}`]),
      ...(wrong === undefined ? [] : ['wrong_bits']),
    ],
    rows: [...order].map((re, i) => [
      Math.floor(re / nSc),
      re % nSc,
      ...clouds.flatMap(({ symbols }) => [float32Cell(symbols[i]), float32Cell(symbols[n + i])]),
      ...(wrong === undefined ? [] : [wrong[i] as number]),
    ]),
  };
}
