/** LDPC base graphs and lifting sizes, TS 38.212 §5.3.2. */
import { invalid } from '../../errors.js';
import { BASE_GRAPH_1 } from './base-graph-1.data.js';
import { BASE_GRAPH_2 } from './base-graph-2.data.js';

export type BaseGraphIndex = 1 | 2;

/** Rows of the dual-diagonal core; every later row has one parity column of its own, of degree one. */
export const CORE_ROWS = 4;

/** Systematic columns whose bits are never transmitted (§5.3.2, step 2). */
export const PUNCTURED_COLUMNS = 2;

export interface BaseGraph {
  readonly index: BaseGraphIndex;
  readonly rows: number;
  readonly columns: number;
  /** Systematic columns: 22 or 10. */
  readonly systematicColumns: number;
  /** Where each row's entries start, `[rows + 1]`. */
  readonly rowStart: Int32Array;
  /** Column of each entry, ascending within a row. */
  readonly column: Int32Array;
  /** V of each entry and set index: `[entries, 8]`. */
  readonly shift: Int32Array;
}

/** Table 5.3.2-1: lifting sizes Z by set index iLS. */
export const LIFTING_SETS: readonly (readonly number[])[] = [
  [2, 4, 8, 16, 32, 64, 128, 256],
  [3, 6, 12, 24, 48, 96, 192, 384],
  [5, 10, 20, 40, 80, 160, 320],
  [7, 14, 28, 56, 112, 224],
  [9, 18, 36, 72, 144, 288],
  [11, 22, 44, 88, 176, 352],
  [13, 26, 52, 104, 208],
  [15, 30, 60, 120, 240],
];

/** All lifting sizes, ascending. */
export const LIFTING_SIZES: readonly number[] = LIFTING_SETS.flat().sort((a, b) => a - b);

/** iLS: the set of Table 5.3.2-1 that contains `zc`. */
export function liftingSetIndex(zc: number): number {
  const index = LIFTING_SETS.findIndex((set) => set.includes(zc));
  if (index < 0) throw invalid('zc', 'a lifting size of TS 38.212 Table 5.3.2-1', String(zc));
  return index;
}

function parse(index: BaseGraphIndex, text: string): BaseGraph {
  const rows = text.trim().split('\n');
  const rowStart = new Int32Array(rows.length + 1);
  const column: number[] = [];
  const shift: number[] = [];
  for (const [r, row] of rows.entries()) {
    for (const entry of row.split(' ')) {
      const [c, shifts] = entry.split(':') as [string, string];
      column.push(Number(c));
      shift.push(...shifts.split(',').map(Number));
    }
    rowStart[r + 1] = column.length;
  }
  return {
    index,
    rows: rows.length,
    columns: 1 + Math.max(...column),
    systematicColumns: index === 1 ? 22 : 10,
    rowStart,
    column: Int32Array.from(column),
    shift: Int32Array.from(shift),
  };
}

const GRAPHS: Readonly<Record<BaseGraphIndex, BaseGraph>> = {
  1: parse(1, BASE_GRAPH_1),
  2: parse(2, BASE_GRAPH_2),
};

export function baseGraph(index: BaseGraphIndex): BaseGraph {
  return GRAPHS[index];
}

/**
 * Cyclic shift of each entry for a lifting size, `[entries]`: bit `(i + shift) mod Zc` of the entry's
 * column takes part in check i of its row.
 */
export function liftedShifts(graph: BaseGraph, zc: number): Int32Array {
  const set = liftingSetIndex(zc);
  return Int32Array.from(graph.column, (_, e) => (graph.shift[8 * e + set] as number) % zc);
}
