/** Maps over the resource grid: spikes and feature maps, channel by channel. */
import { type ColourScale, divergingScale, sequentialScale } from '../../chart/colour-maps.js';
import { LIGHT } from '../../chart/colours.js';
import { colourBar, heatMap } from '../../chart/heat-map.js';
import { multiples } from '../../chart/multiples.js';
import { columnsInOne } from '../../chart/picture.js';
import type { Place, Plot } from '../../chart/plots.js';
import type { TapKind } from '../../onnx/taps.js';
import type { Cell, DataTable, Figure } from '../figure.js';
import { magnitudeQuantile, niceLimit } from '../limits.js';
import type { Activity, LayerActivity } from './activity.js';
import { stepLabel } from './density-figures.js';
import { mosaic, mosaicLayout, ROW_GAP, tileMiddles } from './mosaic.js';

/** Width of a plot over its height that a mosaic aims at, in cells: a cell is drawn twice as high as wide. */
const PROPORTION = 3.6;
/** Pixels of a whole mosaic, and of a cell at most, from top to bottom. */
const HEIGHT = 420;
const CELL_HEIGHT = 8;

/** Spikes of all channels at each resource element. @param spikes `[C, nSym, nSc]` @returns `[nSym, nSc]` */
export function spikeCounts(spikes: Float32Array, channels: number): Float32Array {
  const counts = new Float32Array(spikes.length / channels);
  spikes.forEach((spike, i) => {
    counts[i % counts.length] = (counts[i % counts.length] as number) + spike;
  });
  return counts;
}

/** How many channels of each layer fire at each resource element, a plot for each layer, step by step. */
export function spikeCountFigure({ layers, nSym, nSc, timeSteps }: Activity): Figure {
  const across = nSc > 300 ? 1 : Math.min(layers.length, nSc > 100 ? 2 : 4);
  const channels = Math.max(...layers.map((layer) => layer.channels));
  const look = multiples({
    title: 'Spikes over the resource grid',
    subtitle: 'number of channels that fire at a resource element in a step',
    count: layers.length,
    across,
    height: 130,
    gap: { x: 46, y: 70 },
    margin: { left: 62, right: 104 },
  });
  const counts = layers.map(({ steps, channels: own }) =>
    steps.map(({ spikes }) => spikeCounts(spikes, own)),
  );
  const highest = Math.max(1, ...counts.flat().map((plane) => plane.reduce((a, b) => Math.max(a, b), 0)));
  const scale = sequentialScale('channels that fire', [], { min: 0, max: Math.min(channels, highest) });
  const whole = wholeOf(look.places);
  const each = columnsInOne(nSc, look.places[0]?.width ?? 1);
  const frames = Array.from({ length: timeSteps }, (_, t) => {
    const maps = layers.map(({ name }, l): Plot => {
      const values = counts[l]?.[t] as Float32Array;
      return heatMap({
        place: look.places[l] as Place,
        plane: { rows: nSym, columns: nSc, values },
        columnsInOne: each,
        scale,
        x: { name: l >= layers.length - across ? 'subcarrier' : '' },
        y: { name: l % across === 0 ? 'OFDM symbol' : '' },
        title: name,
      });
    });
    return { label: stepLabel(t, timeSteps), option: look.chart([...maps, colourBar(scale, whole)]) };
  });
  return {
    id: 'spike-counts',
    title: 'Spikes over the resource grid',
    caption:
      'For every layer, how many of its channels fire at each resource element in this time step. Symbols with pilots may stand out as ' +
      'rows, fading as columns; the border fires differently where the convolutions reach beyond the grid. A map that is all dark ' +
      `is a layer that has not fired yet.${meansOf(each)}`,
    size: look.size,
    frames,
    data: {
      columns: ['layer', 'time_step', 'symbol', 'spikes_by_subcarrier'],
      rows: layers.flatMap(({ name }, l) =>
        (counts[l] as Float32Array[]).flatMap((plane, t) =>
          rowsOf(plane, nSc).map((row, s) => [name, t + 1, s, row]),
        ),
      ),
    },
  };
}

/** For a caption: of grids too wide to show them whole. */
function meansOf(subcarriers: number): string {
  return subcarriers === 1 ? '' : ` Colours are means of ${subcarriers} subcarriers; the data have them all.`;
}

/** From the first of the places to the last. */
function wholeOf(places: readonly Place[]): Place {
  const right = Math.max(...places.map(({ left, width }) => left + width));
  const bottom = Math.max(...places.map(({ top, height }) => top + height));
  const [{ left, top }] = places as [Place];
  return { left, top, width: right - left, height: bottom - top };
}

/** Each row of a plane as one text: its values, to two decimals at most, with blanks between. */
function rowsOf(plane: Float32Array, columns: number): string[] {
  return Array.from({ length: plane.length / columns }, (_, row) =>
    Array.from(plane.subarray(row * columns, (row + 1) * columns), (value) =>
      String(Math.round(value * 100) / 100),
    ).join(' '),
  );
}

interface ChannelMaps {
  readonly kind: TapKind;
  readonly title: string;
  readonly subtitle: string;
  readonly caption: string;
  readonly id: string;
  readonly scale: ColourScale;
  /** Whether the colours need explaining. */
  readonly bar: boolean;
}

/** All channels of a layer as a mosaic of maps, each a grid of OFDM symbols (down) and subcarriers (across). */
function channelMaps(activity: Activity, layer: LayerActivity, maps: ChannelMaps): Figure {
  const { nSym, nSc, timeSteps } = activity;
  const tile = { rows: nSym, columns: nSc };
  const layout = mosaicLayout(layer.channels, tile, PROPORTION);
  const cellHeight = Math.min(CELL_HEIGHT, Math.max(1, HEIGHT / (layout.down * (nSym + ROW_GAP))));
  const look = multiples({
    title: maps.title,
    subtitle: maps.subtitle,
    count: 1,
    across: 1,
    height: Math.max(HEIGHT / 2, layout.down * (nSym + ROW_GAP) * cellHeight),
    margin: { left: 62, right: maps.bar ? 104 : 24 },
  });
  const [place] = look.places as [Place];
  const planes = layer.steps.map((step) => mosaic(step[maps.kind], layout));
  const each = columnsInOne(planes[0]?.columns ?? 1, place.width);
  const frames = planes.map((plane, t) => {
    const map = heatMap({
      place,
      plane,
      columnsInOne: each,
      scale: maps.scale,
      empty: LIGHT.empty,
      x: { name: 'channel, in each tile: subcarrier', at: named(tileMiddles(layout, 'row'), '+') },
      y: { name: 'channel, in each tile: OFDM symbol', at: named(tileMiddles(layout, 'column')) },
      title: stepLabel(t, timeSteps),
    });
    const plots = [map, ...(maps.bar ? [colourBar(maps.scale, place)] : [])];
    return { label: stepLabel(t, timeSteps), option: look.chart(plots) };
  });
  return {
    id: maps.id,
    title: maps.title,
    caption:
      `${maps.caption} Channel 0 is at the upper left, ${layout.across} channels in a row; in each tile OFDM symbols run down ` +
      `(0 to ${nSym - 1}) and subcarriers across (0 to ${nSc - 1}).${meansOf(each)}`,
    size: look.size,
    frames,
    data: channelTable(layer, maps.kind, nSym, nSc),
  };
}

function named(middles: ReadonlyMap<number, number>, sign = ''): Map<number, string> {
  return new Map([...middles].map(([cell, number]) => [cell, `${sign}${number}`]));
}

/** A row for each step, channel and symbol, with the values of all subcarriers in one text. */
function channelTable(
  { channels, steps }: LayerActivity,
  kind: TapKind,
  nSym: number,
  nSc: number,
): DataTable {
  const rows = steps.flatMap((step, t) =>
    rowsOf(step[kind], nSc).map((row, i): Cell[] => [t + 1, Math.floor(i / nSym) % channels, i % nSym, row]),
  );
  return { columns: ['time_step', 'channel', 'symbol', `${kind}_by_subcarrier`], rows };
}

/** Spikes of every channel of a layer over the grid, step by step. */
export function spikeMapFigure(activity: Activity, layer: LayerActivity): Figure {
  const title = `Spike maps of ${layer.name}`;
  return channelMaps(activity, layer, {
    kind: 'spikes',
    id: `spike-maps-${layer.name}`,
    title,
    subtitle: 'a tile for each channel: bright where it fires',
    caption: 'Each tile is a channel: bright where its neurons fire in this time step.',
    scale: sequentialScale('spike', [], { min: 0, max: 1 }),
    bar: false,
  });
}

/** What the convolution of a layer gives its neurons, channel by channel. */
export function featureMapFigure(activity: Activity, layer: LayerActivity): Figure {
  const drives = layer.steps.map(({ drive }) => drive);
  return channelMaps(activity, layer, {
    kind: 'drive',
    id: `feature-maps-${layer.name}`,
    title: `Feature maps of ${layer.name}`,
    subtitle:
      'a tile for each channel: what the convolution adds to the membrane potential in a step, in units of θ',
    caption:
      'Each tile is a channel: the drive i = (1−β)·I/θ that the convolution, with SpikeNorm folded in, gives its neurons in this ' +
      'time step. Red charges the neuron, blue discharges it; a drive of 1 alone makes it fire. Colours saturate at the 1 % largest.',
    scale: divergingScale('drive (units of θ)', [], niceLimit(magnitudeQuantile(drives, 0.99))),
    bar: true,
  });
}
