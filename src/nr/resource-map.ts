/** Which resource elements carry data, and in which order a codeword fills them. */
import { invalid } from '../errors.js';
import { cdmGroupOf, cdmGroups, type DmrsConfigType } from './dmrs.js';
import { type PlaneShape, requireInteger } from './shape.js';

export interface DmrsReservation {
  readonly configType: DmrsConfigType;
  /** CDM groups 0 … n−1 that carry no data in symbols with DMRS. */
  readonly cdmGroupsWithoutData: number;
}

/**
 * Marks the data REs of a grid: all but the pilots and, in symbols with pilots, the REs of the CDM
 * groups without data (TS 38.214 §5.1.6.2). Without `reserved` (raw pilots) only the pilots are excluded.
 * @param dmrs pilots `[2, nSym, nSc]` float32, zero where there is none.
 * @returns `[nSym, nSc]`, 1 = data RE.
 */
export function dataMask(
  dmrs: Float32Array,
  shape: PlaneShape,
  reserved?: DmrsReservation,
): Uint8Array<ArrayBuffer> {
  const { nSym, nSc } = shape;
  const plane = nSym * nSc;
  if (dmrs.length !== 2 * plane) {
    throw invalid('dmrs', `2 x ${nSym} x ${nSc} = ${2 * plane} values`, `${dmrs.length} values`);
  }
  if (reserved !== undefined) {
    requireInteger('cdmGroupsWithoutData', reserved.cdmGroupsWithoutData, 0, cdmGroups(reserved.configType));
  }
  const mask = new Uint8Array(plane).fill(1);
  for (let sym = 0; sym < nSym; sym++) {
    const row = sym * nSc;
    let pilots = 0;
    for (let re = row; re < row + nSc; re++) {
      if (dmrs[re] !== 0 || dmrs[plane + re] !== 0) {
        mask[re] = 0;
        pilots++;
      }
    }
    if (pilots === 0 || reserved === undefined) continue;
    for (let sc = 0; sc < nSc; sc++) {
      if (cdmGroupOf(reserved.configType, sc) < reserved.cdmGroupsWithoutData) mask[row + sc] = 0;
    }
  }
  return mask;
}

/**
 * Data REs in codeword order: frequency first, then OFDM symbols (TS 38.211 §6.3.1.6, §7.3.1.5).
 * @param mask `[nSym, nSc]`, 1 = data RE.
 * @returns RE indices `sym·nSc + sc`.
 */
export function codewordOrder(mask: Uint8Array): Int32Array<ArrayBuffer> {
  let count = 0;
  for (const value of mask) if (value !== 0) count++;
  const order = new Int32Array(count);
  let next = 0;
  for (let re = 0; re < mask.length; re++) if (mask[re] !== 0) order[next++] = re;
  return order;
}
