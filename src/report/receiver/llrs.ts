/** LLRs of a slot: over the grid, and how they are distributed for each bit of the symbols. */
import type { EChartsCoreOption } from 'echarts';
import { axisStyle, heading, legend, xAxisStyle, yAxisStyle } from '../../chart/chart.js';
import { divergingScale } from '../../chart/colour-maps.js';
import { densities, type Histogram, histogramOf, histogramSeries } from '../../chart/histogram.js';
import { plotChart, type Place, tiles } from '../../chart/plots.js';
import { bitsPerSymbol } from '../../nr/qam.js';
import { codewordOrder } from '../../nr/resource-map.js';
import { type Cell, type Figure, float32Cell } from '../figure.js';
import { magnitudeQuantile, niceLimit } from '../limits.js';
import type { FigureGroup } from '../section.js';
import type { Subject } from '../subject.js';
import { gridMaps, onGrid } from './grid-maps.js';

/** Share of the LLRs that the colours and the axes show in full; larger ones have the colour of the end. */
const SHOWN = 0.98;
const BINS = 60;

export const llrGroup: FigureGroup = {
  name: 'LLRs of the slot',
  draw: (subject) => Promise.resolve([llrMap(subject), llrHistogram(subject)]),
};

/** LLRs of bit `bit` of every symbol. @param llrs `[G]` @returns `[G/Qm]` */
export function ofBit<T extends Float32Array | Uint8Array>(values: T, bit: number, qm: number): T {
  return values.filter((_, i) => i % qm === bit) as T;
}

function llrMap({ llrs, model, slot }: Subject): Figure {
  const { shape, dataMask } = slot.received;
  const qm = bitsPerSymbol(model.modulation);
  const order = codewordOrder(dataMask);
  const limit = niceLimit(magnitudeQuantile([llrs], SHOWN));
  const bits = Array.from({ length: qm }, (_, b) => b);
  const drawn = gridMaps({
    title: 'LLRs over the resource grid',
    subtitle: `${model.title}, ${slot.origin}, ${slot.received.snrDb.toFixed(1)} dB`,
    maps: bits.map((b) => ({
      title: `bit ${b} of the symbols`,
      values: onGrid(ofBit(llrs, b, qm), order, dataMask.length),
    })),
    shape,
    scale: divergingScale('LLR', [], limit),
  });
  return {
    id: 'llr-map',
    title: 'LLRs over the resource grid',
    caption:
      'A map for each bit of the QAM symbols: subcarriers from left to right, OFDM symbols from top to bottom. ' +
      'Red is a bit that is likely 0, blue one that is likely 1, and the paler the colour the less certain it is. ' +
      `The colours end at ±${limit}; grey are the DMRS and what is reserved beside them. Pale stripes along the ` +
      'symbols are subcarriers in a fade; paler towards symbols far from the DMRS, the channel moves faster than ' +
      'the pilots can follow. The later bits of 16QAM and above decide between neighbouring points, so they are paler.',
    size: drawn.size,
    frames: [{ label: 'LLRs', option: drawn.option }],
    data: {
      columns: ['ofdm_symbol', 'subcarrier', ...bits.map((b) => `llr_b${b}`)],
      rows: [...order].map((re, i) => [
        Math.floor(re / shape.nSc),
        re % shape.nSc,
        ...bits.map((b) => float32Cell(llrs[i * qm + b])),
      ]),
    },
  };
}

interface NamedHistogram extends Histogram {
  readonly name: string;
}

/** For each bit: one of the LLRs of zeros and one of those of ones; where nobody knows the bits one of all. */
function histogramsOf({ llrs, model, slot }: Subject, limit: number): NamedHistogram[][] {
  const qm = bitsPerSymbol(model.modulation);
  const range = { min: -limit, max: limit, bins: BINS };
  return Array.from({ length: qm }, (_, b) => {
    const values = ofBit(llrs, b, qm);
    if (slot.bits === undefined) return [{ name: 'all bits', ...histogramOf(values, range) }];
    const sent = ofBit(slot.bits, b, qm);
    return [0, 1].map((bit) => ({
      name: `sent ${bit}`,
      ...histogramOf(
        values.filter((__, i) => sent[i] === bit),
        range,
      ),
    }));
  });
}

const HEAD = 84;
const GAP = { x: 62, y: 72 };
const PANEL_HEIGHT = 150;

function histogramChart(
  subject: Subject,
  histograms: readonly NamedHistogram[][],
): {
  option: EChartsCoreOption;
  size: Figure['size'];
} {
  const down = Math.ceil(histograms.length / 2);
  const area = { left: 66, top: HEAD, width: 766, height: down * PANEL_HEIGHT + (down - 1) * GAP.y };
  const places = tiles(area, histograms.length, { across: 2, gap: GAP });
  const names = histograms[0]?.map(({ name }) => name) ?? [];
  const below = `${subject.model.title}, ${subject.slot.origin}, ${subject.slot.received.snrDb.toFixed(1)} dB`;
  const panels = histograms.map((ofOneBit, b) => ({
    place: places[b] as Place,
    title: `bit ${b}`,
    xAxis: { ...xAxisStyle('LLR'), nameGap: 26 },
    yAxis: {
      ...yAxisStyle('density (1/LLR)'),
      ...axisStyle,
      nameGap: 44,
      type: 'value' as const,
      min: 0,
      splitNumber: 4,
    },
    series: ofOneBit.map((histogram, index) => histogramSeries(histogram, { name: histogram.name, index })),
  }));
  return {
    option: plotChart(panels, {
      title: heading('LLRs by bit and by what was sent', below),
      legend: legend(names),
    }),
    size: { width: 860, height: area.top + area.height + 84 },
  };
}

function llrHistogram(subject: Subject): Figure {
  const limit = niceLimit(magnitudeQuantile([subject.llrs], 0.995));
  const histograms = histogramsOf(subject, limit);
  const { option, size } = histogramChart(subject, histograms);
  const known = subject.slot.bits !== undefined;
  return {
    id: 'llr-histogram',
    title: 'LLRs by bit',
    caption:
      (known
        ? 'For each bit of the symbols the LLRs where a 0 was sent and where a 1 was. A 0 belongs right of the middle ' +
          'and a 1 left of it: what lies on the wrong side is a wrong decision. '
        : 'For each bit of the symbols all LLRs; what was sent is not known. ') +
      'Two hills well apart are a good slot, one hill about 0 is a useless one. Where LLRs are right, the curve of zeros ' +
      'at L is e^L times that of ones: a tail on the wrong side that is heavier is overconfident. The axis ends at ' +
      `±${limit}; at most 0.5 % of the LLRs lie beyond.`,
    size,
    frames: [{ label: 'histograms', option }],
    data: {
      columns: ['bit', 'bits', 'llr_from', 'llr_to', 'count', 'density_per_llr'],
      rows: histograms.flatMap((ofOneBit, b) =>
        ofOneBit.flatMap((histogram) =>
          densities(histogram).map((density, i): Cell[] => [
            b,
            histogram.name,
            histogram.edges[i] as number,
            histogram.edges[i + 1] as number,
            histogram.counts[i] as number,
            density,
          ]),
        ),
      ),
    },
  };
}
