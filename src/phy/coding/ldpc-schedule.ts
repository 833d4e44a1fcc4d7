/** The lifted Tanner graph of one (base graph, Zc), laid out for a layered decoder. */
import { type BaseGraph, type BaseGraphIndex, baseGraph, CORE_ROWS, liftedShifts } from './base-graph.js';

export interface LdpcSchedule {
  readonly graph: BaseGraph;
  readonly zc: number;
  /** Number of edges of each row's checks, `[rows]`. */
  readonly degree: Int32Array;
  /** Where each row's edges start, `[rows + 1]`. */
  readonly edgeStart: Int32Array;
  /** Variable of each edge: row by row, check by check, `edgeStart[row] + i·degree[row] + e`. */
  readonly variable: Uint16Array;
}

function buildSchedule(index: BaseGraphIndex, zc: number): LdpcSchedule {
  const graph = baseGraph(index);
  const shifts = liftedShifts(graph, zc);
  const degree = new Int32Array(graph.rows);
  const edgeStart = new Int32Array(graph.rows + 1);
  const variable = new Uint16Array(shifts.length * zc);
  let edge = 0;
  for (let row = 0; row < graph.rows; row++) {
    const first = graph.rowStart[row] as number;
    const end = graph.rowStart[row + 1] as number;
    degree[row] = end - first;
    for (let i = 0; i < zc; i++) {
      for (let e = first; e < end; e++) {
        variable[edge++] = (graph.column[e] as number) * zc + ((i + (shifts[e] as number)) % zc);
      }
    }
    edgeStart[row + 1] = edge;
  }
  return { graph, zc, degree, edgeStart, variable };
}

/** Immutable and a pure function of its key, so that sharing cannot be seen. 102 keys, 4.6 MB in all. */
const cache = new Map<string, LdpcSchedule>();

export function ldpcSchedule(index: BaseGraphIndex, zc: number): LdpcSchedule {
  const key = `${index}/${zc}`;
  let schedule = cache.get(key);
  if (schedule === undefined) {
    schedule = buildSchedule(index, zc);
    cache.set(key, schedule);
  }
  return schedule;
}

/**
 * Rows that can say something: the core, and each later row of whose own parity column some bit was
 * received. Without it the row's checks only tell what that parity would be.
 * @param posterior `[columns·Zc]` LLRs before decoding, 0 where nothing was received.
 */
export function activeRows(schedule: LdpcSchedule, posterior: Int32Array): Int32Array {
  const { graph, zc } = schedule;
  const rows: number[] = [];
  for (let row = 0; row < graph.rows; row++) {
    const at = (graph.systematicColumns + row) * zc;
    let received = row < CORE_ROWS;
    for (let i = at; i < at + zc && !received; i++) received = posterior[i] !== 0;
    if (received) rows.push(row);
  }
  return Int32Array.from(rows);
}
