/** The pilots of a slot, and the least-squares estimates at them. */
import { invalid } from '../../errors.js';
import type { ReceivedSlot } from '../slot.js';

/** What the estimates at the pilots are made from. */
export type PilotSlot = Pick<ReceivedSlot, 'shape' | 'rxGrid' | 'dmrs'>;

/** One symbol's pilots. */
export interface PilotRow {
  readonly symbol: number;
  /** Subcarriers with pilots, ascending. */
  readonly subcarriers: readonly number[];
  /** |p|² of each pilot. */
  readonly energy: readonly number[];
}

/** @throws INVALID_ARGUMENT when there is no pilot at all. */
export function pilotRows(slot: Pick<PilotSlot, 'shape' | 'dmrs'>): PilotRow[] {
  const { nSym, nSc } = slot.shape;
  const plane = nSym * nSc;
  const rows: PilotRow[] = [];
  for (let symbol = 0; symbol < nSym; symbol++) {
    const subcarriers: number[] = [];
    const energy: number[] = [];
    for (let sc = 0; sc < nSc; sc++) {
      const re = slot.dmrs[symbol * nSc + sc] as number;
      const im = slot.dmrs[plane + symbol * nSc + sc] as number;
      if (re === 0 && im === 0) continue;
      subcarriers.push(sc);
      energy.push(re * re + im * im);
    }
    if (subcarriers.length > 0) rows.push({ symbol, subcarriers, energy });
  }
  if (rows.length === 0) throw invalid('dmrs', 'at least one pilot', 'none');
  return rows;
}

/** `y/p` at the pilots of a row at antenna `rx`, `[2, n]`. */
export function leastSquares(slot: PilotSlot, row: PilotRow, rx: number): Float64Array<ArrayBuffer> {
  const { nSym, nSc } = slot.shape;
  const plane = nSym * nSc;
  const n = row.subcarriers.length;
  const ls = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    const pilot = row.symbol * nSc + (row.subcarriers[i] as number);
    const re = 2 * rx * plane + pilot;
    const yr = slot.rxGrid[re] as number;
    const yi = slot.rxGrid[re + plane] as number;
    const pr = slot.dmrs[pilot] as number;
    const pi = slot.dmrs[plane + pilot] as number;
    const energy = row.energy[i] as number;
    ls[i] = (yr * pr + yi * pi) / energy;
    ls[n + i] = (yi * pr - yr * pi) / energy;
  }
  return ls;
}
