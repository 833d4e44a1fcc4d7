/** MCS tables for the shared channel, TS 38.214 §5.1.3.1. */
import { invalid } from '../../errors.js';
import type { Modulation } from '../../nr/qam.js';
import { requireInteger } from '../../nr/shape.js';

export const MCS_TABLES = [1, 2, 3] as const;
export type McsTable = (typeof MCS_TABLES)[number];

export interface McsEntry {
  readonly modulation: Modulation;
  /** R, between 0 and 1. */
  readonly targetCodeRate: number;
}

type Rows = readonly (readonly [Modulation, readonly number[]])[];

/** Target code rates × 1024 in index order, by modulation: Tables 5.1.3.1-1, -2 and -3. */
const TABLES: Readonly<Record<McsTable, Rows>> = {
  1: [
    ['QPSK', [120, 157, 193, 251, 308, 379, 449, 526, 602, 679]],
    ['16QAM', [340, 378, 434, 490, 553, 616, 658]],
    ['64QAM', [438, 466, 517, 567, 616, 666, 719, 772, 822, 873, 910, 948]],
  ],
  2: [
    ['QPSK', [120, 193, 308, 449, 602]],
    ['16QAM', [378, 434, 490, 553, 616, 658]],
    ['64QAM', [466, 517, 567, 616, 666, 719, 772, 822, 873]],
    ['256QAM', [682.5, 711, 754, 797, 841, 885, 916.5, 948]],
  ],
  3: [
    ['QPSK', [30, 40, 50, 64, 78, 99, 120, 157, 193, 251, 308, 379, 449, 526, 602]],
    ['16QAM', [340, 378, 434, 490, 553, 616]],
    ['64QAM', [438, 466, 517, 567, 616, 666, 719, 772]],
  ],
};

/** Largest MCS index with a code rate of its own; the ones above are reserved for retransmissions. */
export function largestMcs(table: McsTable): number {
  return TABLES[table].reduce((count, [, rates]) => count + rates.length, 0) - 1;
}

/** Modulation and target code rate of an MCS index. */
export function mcsEntry(table: McsTable, index: number): McsEntry {
  if (!MCS_TABLES.includes(table)) throw invalid('mcsTable', '1, 2 or 3', String(table));
  requireInteger('mcsIndex', index, 0, largestMcs(table));
  let rest = index;
  for (const [modulation, rates] of TABLES[table]) {
    const rate = rates[rest];
    if (rate !== undefined) return { modulation, targetCodeRate: rate / 1024 };
    rest -= rates.length;
  }
  throw invalid('mcsIndex', 'an index of the table', String(index));
}
