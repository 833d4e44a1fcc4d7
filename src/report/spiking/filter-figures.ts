/** The filters of the convolutions as a grid of small kernels. */
import { divergingScale } from '../../chart/colour-maps.js';
import { LIGHT } from '../../chart/colours.js';
import { colourBar, heatMap } from '../../chart/heat-map.js';
import { multiples } from '../../chart/multiples.js';
import type { Place } from '../../chart/plots.js';
import type { Cell, Figure } from '../figure.js';
import { magnitudeQuantile, niceLimit } from '../limits.js';
import { mosaic, ROW_GAP, tileMiddles } from './mosaic.js';

/** Weights of a layer's convolution. */
export interface Filters {
  readonly layer: string;
  /** `[Cout, Cin, rows, columns]`. */
  readonly weights: Float32Array;
  readonly shape: readonly [outChannels: number, inChannels: number, rows: number, columns: number];
  /** Distance between taps in OFDM symbols and subcarriers. */
  readonly dilation: readonly [symbols: number, subcarriers: number];
  /** Names of the input channels, where they have some. */
  readonly inputs?: readonly string[];
  /** Where the weights are from, for the caption. */
  readonly origin: string;
}

/** Pixels of one weight, and of all filters in one direction, at most. */
const CELL = 5;
const EXTENT = 900;
/** Labels of channels in one direction. */
const LABELS = 8;

/** Pixels for so many kernels of this length. */
function extentOf(kernels: number, length: number): number {
  const cells = kernels * (length + ROW_GAP);
  return cells * Math.min(CELL, EXTENT / cells);
}

/** Each fourth channel, or fewer. */
function everyFor(channels: number): number {
  return 4 * Math.ceil(channels / (4 * LABELS));
}

const INPUTS =
  'The inputs are the features: received signal y and channel estimates ĥ of each antenna, where pilots are and how densely, and what each estimate ' +
  'gives: matched filter, soft decisions, gain and noise level; k0, k1 … are the kernels that smooth the estimates, narrow to wide. ';

/** A row for each output channel, a column for each input channel, a 3×3 kernel at each crossing. */
export function filterFigure({ layer, weights, shape, dilation, inputs, origin }: Filters): Figure {
  const [outChannels, inChannels, rows, columns] = shape;
  const tile = { rows, columns };
  const look = multiples({
    title: `Filters of ${layer}`,
    subtitle: `${rows}×${columns} kernels [output channel × input channel]; dilation ${dilation[0]} in OFDM symbols, ${dilation[1]} in subcarriers`,
    count: 1,
    across: 1,
    height: extentOf(outChannels, rows),
    width: extentOf(inChannels, columns) + 72 + 104,
    margin: { left: 72, right: 104, below: inputs ? 136 : 52 },
  });
  const [place] = look.places as [Place];
  const layout = { tile, across: inChannels, down: outChannels };
  const plane = mosaic(weights, layout);
  const columnNames = [...tileMiddles(layout, 'row', inputs ? 1 : everyFor(inChannels))].map(
    ([cell, channel]) => [cell, inputs?.[channel] ?? String(channel)] as const,
  );
  const rowNames = [...tileMiddles(layout, 'column', everyFor(outChannels))].map(
    ([cell, tiles]) => [cell, String(tiles / inChannels)] as const,
  );
  const scale = divergingScale('weight', [], niceLimit(magnitudeQuantile([weights], 0.995)));
  const map = heatMap({
    place,
    plane,
    scale,
    empty: LIGHT.grid,
    x: { name: 'input channel', at: new Map(columnNames), ...(inputs && { rotate: 90, nameGap: 112 }) },
    y: { name: 'output channel', at: new Map(rowNames) },
  });
  return {
    id: `filters-${layer}`,
    title: `Filters of ${layer}`,
    caption:
      `Each tile is the ${rows}×${columns} kernel from one input channel (across) to one output channel (down): red excites, blue inhibits, ` +
      'white is zero. In a kernel OFDM symbols run down and subcarriers across. A blank column is an input that nobody uses, a blank row a ' +
      `filter that has died; kernels with structure, edges and bars, have learned something. ${inputs ? INPUTS : ''}${origin}`,
    size: look.size,
    frames: [{ label: '', option: look.chart([map, colourBar(scale, place)]) }],
    data: {
      columns: ['output_channel', 'input_channel', 'row', 'column', 'weight'],
      rows: Array.from(weights, (weight, i): Cell[] => [
        Math.floor(i / (inChannels * rows * columns)),
        Math.floor(i / (rows * columns)) % inChannels,
        Math.floor(i / columns) % rows,
        i % columns,
        Number(weight.toPrecision(6)),
      ]),
    },
  };
}
