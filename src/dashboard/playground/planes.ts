/** What the views draw of a slot: values over the resource grid, NaN where there is none, and counts. */
import { divergingScale } from '../../chart/colour-maps.js';
import { type Histogram, histogramOf } from '../../chart/histogram.js';
import { constellation, type Modulation } from '../../nr/qam.js';
import { codewordOrder } from '../../nr/resource-map.js';
import type { ReceivedSlot } from '../../phy/slot.js';

/** `[nSym, nSc]` of an antenna, dB relative to the mean power of the grid. */
export function magnitudeDb(
  { rxGrid, shape }: Pick<ReceivedSlot, 'rxGrid' | 'shape'>,
  antenna: number,
): Float32Array<ArrayBuffer> {
  const plane = shape.nSym * shape.nSc;
  const mean = rxGrid.reduce((sum, value) => sum + value * value, 0) / (shape.nRx * plane);
  const at = 2 * antenna * plane;
  return Float32Array.from({ length: plane }, (_, re) => {
    const power = (rxGrid[at + re] ?? 0) ** 2 + (rxGrid[at + plane + re] ?? 0) ** 2;
    return 10 * Math.log10(power / mean);
  });
}

/** Values of the data REs in codeword order, laid out over the grid. */
function overGrid(
  { dataMask }: ReceivedSlot,
  valueOf: (dataRe: number) => number,
): Float32Array<ArrayBuffer> {
  const plane = new Float32Array(dataMask.length).fill(Number.NaN);
  codewordOrder(dataMask).forEach((re, i) => (plane[re] = valueOf(i)));
  return plane;
}

/** LLRs of bit `bit` of each data RE, `[nSym, nSc]`. */
export function llrPlane(
  slot: ReceivedSlot,
  llrs: Float32Array,
  { bit, qm }: { readonly bit: number; readonly qm: number },
): Float32Array<ArrayBuffer> {
  return overGrid(slot, (i) => llrs[i * qm + bit] ?? Number.NaN);
}

/** Wrong bits of each data RE, `[nSym, nSc]`. */
export function errorPlane(
  slot: ReceivedSlot & { readonly bits: Uint8Array },
  llrs: Float32Array,
  qm: number,
): Float32Array<ArrayBuffer> {
  return overGrid(slot, (i) => {
    let wrong = 0;
    for (let b = i * qm; b < (i + 1) * qm; b++) if ((llrs[b] ?? 0) >= 0 === (slot.bits[b] === 1)) wrong++;
    return wrong;
  });
}

/** LLRs counted by the bit that was sent, where it is known. */
export interface LlrHistograms {
  readonly all: Histogram;
  readonly zero?: Histogram;
  readonly one?: Histogram;
}

const BINS = 41;

/** All but the hundredth of largest magnitude lie within: ends in round numbers. NaN does not count. */
export function reach(llrs: Float32Array): number {
  const magnitudes = llrs
    .filter((llr) => !Number.isNaN(llr))
    .map(Math.abs)
    .toSorted();
  const most = magnitudes[Math.floor(0.99 * (magnitudes.length - 1))] ?? 0;
  return divergingScale('', [Math.max(most, 1e-3)]).max;
}

export function llrHistograms(llrs: Float32Array, bits?: Uint8Array): LlrHistograms {
  const most = reach(llrs);
  const of = (values: Float32Array) =>
    histogramOf(
      values.map((llr) => Math.max(-most, Math.min(most, llr))),
      { min: -most, max: most, bins: BINS },
    );
  const all = of(llrs);
  if (bits === undefined) return { all };
  return {
    all,
    zero: of(llrs.filter((_, i) => bits[i] === 0)),
    one: of(llrs.filter((_, i) => bits[i] === 1)),
  };
}

export type Points = readonly (readonly [re: number, im: number])[];

/** At most this many are drawn: more are a blot. */
const MOST_POINTS = 1500;

/** Every so manieth of `n`, so that no more than {@link MOST_POINTS} are left, spread over all of them. */
function spread(n: number): number[] {
  const step = Math.max(1, Math.ceil(n / MOST_POINTS));
  return Array.from({ length: Math.ceil(n / step) }, (_, i) => i * step);
}

/** Equalised symbols `[2, n]` as points. */
export function symbolPoints(symbols: Float32Array): Points {
  const n = symbols.length / 2;
  return spread(n).map((i) => [symbols[i] ?? 0, symbols[n + i] ?? 0]);
}

/** The data REs of an antenna as they were received, scaled to unit mean power. */
export function receivedPoints({ rxGrid, shape, dataMask }: ReceivedSlot, antenna: number): Points {
  const plane = shape.nSym * shape.nSc;
  const at = 2 * antenna * plane;
  const order = codewordOrder(dataMask);
  const power = order.reduce(
    (sum, re) => sum + (rxGrid[at + re] ?? 0) ** 2 + (rxGrid[at + plane + re] ?? 0) ** 2,
    0,
  );
  const scale = power === 0 ? 1 : Math.sqrt(order.length / power);
  return spread(order.length).map((i) => {
    const re = at + (order[i] ?? 0);
    return [scale * (rxGrid[re] ?? 0), scale * (rxGrid[re + plane] ?? 0)];
  });
}

/** The points that are sent. */
export function sentPoints(modulation: Modulation): Points {
  const points = constellation(modulation);
  const size = points.length / 2;
  return Array.from({ length: size }, (_, i) => [points[i] ?? 0, points[size + i] ?? 0]);
}
