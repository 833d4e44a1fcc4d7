/** Estimated against true channel magnitude: over the grid, and along the subcarriers of one OFDM symbol. */
import type { LineSeriesOption } from 'echarts';
import { heading, legend, seriesLook, xAxisStyle, yAxisStyle } from '../../chart/chart.js';
import { sequentialScale } from '../../chart/colour-maps.js';
import { LIGHT } from '../../chart/colours.js';
import { type Place, plotChart, tiles } from '../../chart/plots.js';
import { pilotRows } from '../../phy/receivers/pilots.js';
import { type Figure, float32Cell } from '../figure.js';
import type { FigureGroup } from '../section.js';
import type { Subject } from '../subject.js';
import { channelsOf, magnitudes, type NamedChannel, relativeErrorDb } from './channel.js';
import { gridMaps } from './grid-maps.js';

export const channelGroup: FigureGroup = {
  name: 'channel estimates of the slot',
  draw: async (subject) => {
    const channels = await channelsOf(subject);
    return [channelMaps(subject, channels), channelLines(subject, channels)];
  },
};

function truthOf(channels: readonly NamedChannel[]): Float32Array | undefined {
  return channels.find(({ kind }) => kind === 'true')?.channel;
}

/** Name, and how far an estimate is from the truth. */
function titleOf({ name, channel, kind }: NamedChannel, truth: Float32Array | undefined): string {
  if (truth === undefined || kind === 'true') return name;
  return `${name}: error ${relativeErrorDb(channel, truth).toFixed(1).replace('-', '−')} dB`;
}

const ERROR =
  'The error is Σ|ĥ − h|² over Σ|h|², all antennas and resource elements together: lower is better.';

function channelMaps({ model, slot }: Subject, channels: readonly NamedChannel[]): Figure {
  const { shape, dataMask } = slot.received;
  const size = dataMask.length;
  const truth = truthOf(channels);
  const maps = channels.map((channel) => ({
    title: titleOf(channel, truth),
    values: magnitudes(channel.channel, 0, size),
  }));
  // Estimates go beyond the truth, a little.
  const most = Number((1.15 * Math.max(...(maps[0]?.values ?? [1]))).toPrecision(2));
  const drawn = gridMaps({
    title: 'Channel magnitude over the resource grid, antenna 0',
    subtitle: `${model.title}, ${slot.origin}, ${slot.received.snrDb.toFixed(1)} dB`,
    maps,
    shape,
    scale: sequentialScale('|h|', [], { min: 0, max: most }),
  });
  return {
    id: 'channel-maps',
    title: 'Estimated and true channel magnitude',
    caption:
      (truth === undefined
        ? 'The true channel is not known. '
        : `The true channel and what receivers make of it. ${ERROR} `) +
      'Bright is a strong channel, dark a fade; one scale for all. LS is interpolated linearly between the DMRS; LMMSE ' +
      'knows the statistics that the channel was drawn from. The network starts from LS estimates smoothed over so many ' +
      'subcarriers (SC) on either side: a narrow kernel follows the channel and keeps the noise, a wide one loses both. ' +
      'They are features, no more: what the layers after them know of the channel is nowhere written as one.',
    size: drawn.size,
    frames: [{ label: 'antenna 0', option: drawn.option }],
    data: {
      columns: ['antenna', 'ofdm_symbol', 'subcarrier', ...channels.map(({ name }) => `magnitude: ${name}`)],
      rows: Array.from({ length: shape.nRx }, (_, antenna) => {
        const columns = channels.map(({ channel }) => magnitudes(channel, antenna, size));
        return Array.from({ length: size }, (__, re) => [
          antenna,
          Math.floor(re / shape.nSc),
          re % shape.nSc,
          ...columns.map((values) => float32Cell(values[re])),
        ]);
      }).flat(),
    },
  };
}

/** The OFDM symbol farthest from those with pilots, where estimates have the hardest time. */
export function farthestSymbol(pilotSymbols: readonly number[], nSym: number): number {
  const distance = (symbol: number) => Math.min(...pilotSymbols.map((pilot) => Math.abs(symbol - pilot)));
  return Array.from({ length: nSym }, (_, symbol) => symbol).reduce((best, symbol) =>
    distance(symbol) > distance(best) ? symbol : best,
  );
}

/** More antennas would make panels too small. */
const MOST_ANTENNAS = 4;
const PANEL_HEIGHT = 190;
/** More subcarriers would make lines that cannot be told apart. */
const MOST_SUBCARRIERS = 300;

function channelLines({ model, slot }: Subject, channels: readonly NamedChannel[]): Figure {
  const { received, origin } = slot;
  const { nRx, nSym, nSc } = received.shape;
  const truth = truthOf(channels);
  const pilotSymbols = pilotRows(received).map((row) => row.symbol);
  const symbol = farthestSymbol(pilotSymbols, nSym);
  const antennas = Array.from({ length: Math.min(nRx, MOST_ANTENNAS) }, (_, antenna) => antenna);
  const valuesOf = ({ channel }: NamedChannel, antenna: number): Float32Array =>
    magnitudes(channel, antenna, nSym * nSc).subarray(symbol * nSc, (symbol + 1) * nSc);
  const width = Math.min(nSc, MOST_SUBCARRIERS);
  const down = Math.ceil(antennas.length / 2);
  const area = { left: 66, top: 88, width: 766, height: down * PANEL_HEIGHT + (down - 1) * 72 };
  const places = tiles(area, antennas.length, {
    across: Math.min(2, antennas.length),
    gap: { x: 62, y: 72 },
  });
  const plots = antennas.map((antenna) => ({
    place: places[antenna] as Place,
    title: `antenna ${antenna}`,
    xAxis: { ...xAxisStyle('subcarrier'), nameGap: 26, min: 0, max: width - 1 },
    yAxis: { ...yAxisStyle('|h|'), nameGap: 40, type: 'value' as const, min: 0 },
    series: channels.map((line, i) =>
      lineOf(line, valuesOf(line, antenna).subarray(0, width), i - (truth === undefined ? 0 : 1)),
    ),
  }));
  return {
    id: 'channel-lines',
    title: `Channel magnitude in OFDM symbol ${symbol}`,
    caption: linesCaption(symbol, truth !== undefined, width, nSc),
    size: { width: 860, height: area.top + area.height + 88 },
    frames: [
      {
        label: `symbol ${symbol}`,
        option: plotChart(plots, {
          title: heading(
            `Channel magnitude in OFDM symbol ${symbol}`,
            `${model.title}, ${origin}, ${received.snrDb.toFixed(1)} dB`,
          ),
          legend: legend(channels.map(({ name }) => name)),
        }),
      },
    ],
    data: {
      columns: ['antenna', 'subcarrier', ...channels.map(({ name }) => `magnitude: ${name}`)],
      rows: antennas.flatMap((antenna) => {
        const columns = channels.map((line) => valuesOf(line, antenna));
        return Array.from({ length: nSc }, (_, sc) => [
          antenna,
          sc,
          ...columns.map((values) => float32Cell(values[sc])),
        ]);
      }),
    },
  };
}

function linesCaption(symbol: number, isTrueKnown: boolean, drawn: number, nSc: number): string {
  const scale = isTrueKnown
    ? '1 is what a channel of mean energy has. The nearer to the thick grey line the better.'
    : 'Nobody knows the true channel; the scale is that of the recording.';
  const part = drawn < nSc ? ` Only the first ${drawn} subcarriers are drawn; the data have all ${nSc}.` : '';
  return (
    `|h| along the subcarriers of OFDM symbol ${symbol}, the one farthest from the DMRS, where an estimate has the ` +
    `hardest time. ${scale} Estimates that zigzag keep noise; ones that are too flat in a fade have smoothed it away.${part}`
  );
}

function lineOf({ name, kind }: NamedChannel, values: Float32Array, index: number): LineSeriesOption {
  const look = seriesLook(Math.max(0, index));
  const colour = kind === 'true' ? LIGHT.muted : look.itemStyle.color;
  return {
    type: 'line',
    name,
    showSymbol: false,
    ...look,
    itemStyle: { color: colour },
    lineStyle: { color: colour, width: kind === 'true' ? 4 : 1.6, opacity: kind === 'true' ? 0.6 : 1 },
    data: [...values].map((value, sc) => [sc, value]),
  };
}
