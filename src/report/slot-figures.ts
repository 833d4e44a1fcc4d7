/** What the receiver gets: the received grid, and what its elements are for. */
import { legend, heading } from '../chart/chart.js';
import { type ColourScale, sequentialScale } from '../chart/colour-maps.js';
import { colourBar, heatMap } from '../chart/heat-map.js';
import { type Plot, plotChart, tiles } from '../chart/plots.js';
import type { ReceivedSlot } from '../phy/slot.js';
import type { Figure } from './figure.js';
import type { Section } from './section.js';

export function slotSection(): Section {
  return {
    id: 'slot',
    title: 'The received slot',
    intro: 'What goes into the network: one slot after the FFT, and the pilots that are known in advance.',
    groups: [{ name: 'received grid', draw: ({ slot }) => Promise.resolve([gridFigure(slot.received)]) }],
  };
}

/** Kinds of resource elements, with the colours of the map of them. */
const KINDS = [
  { name: 'data', colour: '#4b7fb5' },
  { name: 'DMRS', colour: '#d98a1f' },
  { name: 'left empty', colour: '#8a8f98' },
] as const;

/** |y|² of an antenna in dB, `[nSym, nSc]`. */
function powerDb({ rxGrid, shape }: ReceivedSlot, antenna: number): Float32Array {
  const plane = shape.nSym * shape.nSc;
  const [re, im] = [0, 1].map((part) =>
    rxGrid.subarray((2 * antenna + part) * plane, (2 * antenna + part + 1) * plane),
  );
  return Float32Array.from({ length: plane }, (_, i) => {
    const power = (re?.[i] ?? 0) ** 2 + (im?.[i] ?? 0) ** 2;
    return power > 0 ? 10 * Math.log10(power) : Number.NaN;
  });
}

/** Index into KINDS, `[nSym, nSc]`. */
function kindOf({ dataMask, dmrs, shape }: ReceivedSlot): Uint8Array {
  const plane = shape.nSym * shape.nSc;
  return dataMask.map((data, re) => {
    if (data === 1) return 0;
    return dmrs[re] !== 0 || dmrs[plane + re] !== 0 ? 1 : 2;
  });
}

const WIDTH = 860;
const ROW = 190;
const GAP = 76;

export function gridFigure(slot: ReceivedSlot): Figure {
  const { nRx, nSym, nSc } = slot.shape;
  const powers = Array.from({ length: nRx }, (_, antenna) => powerDb(slot, antenna));
  const kinds = kindOf(slot);
  const area = { left: 72, top: 104, width: WIDTH - 72 - 110, height: (nRx + 1) * ROW + nRx * GAP };
  const places = tiles(area, nRx + 1, { across: 1, gap: { x: 0, y: GAP } });
  const scale = sequentialScale('|y|² (dB)', floored(powers));
  const axes = { x: { name: 'subcarrier' }, y: { name: 'OFDM symbol' } };
  const plots = places.map((place, i): Plot => {
    if (i === nRx)
      return kindPlot(
        heatMap({
          ...axes,
          place,
          plane: plane(slot, kinds),
          scale: KIND_SCALE,
          title: 'use of the elements',
        }),
      );
    const values = powers[i] as Float32Array;
    return heatMap({ ...axes, place, plane: plane(slot, values), scale, title: `antenna ${i}` });
  });
  const last = places[nRx - 1] as (typeof places)[number];
  const first = places[0] as (typeof places)[number];
  const bar = colourBar(scale, { ...first, height: last.top + last.height - first.top });
  const option = plotChart([...plots, bar], {
    title: heading(
      'Received grid',
      `${nRx} receive antenna${nRx === 1 ? '' : 's'}, ${nSym} OFDM symbols, ${nSc} subcarriers`,
    ),
    legend: { ...legend(KINDS.map(({ name }) => name)), icon: 'rect', itemWidth: 14 },
  });
  return {
    id: 'received-grid',
    title: 'Received grid',
    caption:
      'Received energy of each resource element at each antenna, and what the elements carry. Slow changes along a row are the ' +
      'channel’s frequency selectivity, changes from row to row its movement in time; the grain on top is noise and, with 16QAM and ' +
      'more, the data themselves. Dark stretches are fades, where the LLRs must be small. The network knows the DMRS ' +
      'and interpolates the channel between them.',
    size: { width: WIDTH, height: area.top + area.height + 96 },
    frames: [{ label: '', option }],
    data: {
      columns: ['ofdm_symbol', 'subcarrier', 'use', ...powers.map((_, i) => `power_db_antenna_${i}`)],
      rows: Array.from(kinds, (kind, re) => [
        Math.floor(re / nSc),
        re % nSc,
        KINDS[kind]?.name ?? '',
        ...powers.map((power) => (Number.isNaN(power[re]) ? null : Number((power[re] as number).toFixed(3)))),
      ]),
    },
  };
}

const plane = ({ shape }: ReceivedSlot, values: ArrayLike<number>) => ({
  rows: shape.nSym,
  columns: shape.nSc,
  values,
});

/** A single element in a deep fade must not take the colours from all others: what is 30 dB below the strongest is dark. */
function floored(powers: readonly Float32Array[]): number[] {
  const all = powers.flatMap((power) => [...power].filter((value) => !Number.isNaN(value)));
  const top = all.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return all.map((value) => Math.max(value, top - 30));
}

const KIND_SCALE: ColourScale = {
  name: '',
  min: 0,
  max: KINDS.length - 1,
  map: (share) => {
    const hex = Number.parseInt(
      (KINDS[Math.round(share * (KINDS.length - 1))] ?? KINDS[0]).colour.slice(1),
      16,
    );
    return [hex >> 16, (hex >> 8) & 255, hex & 255];
  },
};

/** With a series without points for each kind: the legend names them. */
function kindPlot(plot: Plot): Plot {
  const named = KINDS.map(({ name, colour }) => ({
    type: 'bar',
    name,
    data: [],
    itemStyle: { color: colour },
  }));
  return { ...plot, series: [...plot.series, ...named] };
}
