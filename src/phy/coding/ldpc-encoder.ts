/** LDPC encoding, TS 38.212 §5.3.2, through the dual diagonal of the core: no matrix is inverted. */
import { invalid } from '../../errors.js';
import { type BaseGraph, baseGraph, CORE_ROWS, liftedShifts, PUNCTURED_COLUMNS } from './base-graph.js';
import type { CodeBlockShape } from './segmentation.js';

/** `out[outAt + i] ^= word[at + (i + shift) mod zc]` for i = 0 … zc−1. */
function xorRotated(
  out: Uint8Array,
  outAt: number,
  word: Uint8Array,
  at: number,
  shift: number,
  zc: number,
): void {
  const first = zc - shift;
  for (let i = 0; i < first; i++)
    out[outAt + i] = (out[outAt + i] as number) ^ (word[at + shift + i] as number);
  const from = at - first;
  for (let i = first; i < zc; i++) out[outAt + i] = (out[outAt + i] as number) ^ (word[from + i] as number);
}

/** Adds to `out` at `outAt` what the columns `[0, columnEnd)` of `word` give to a row's checks. */
function addRow(
  graph: BaseGraph,
  shifts: Int32Array,
  row: number,
  columnEnd: number,
  word: Uint8Array,
  out: Uint8Array,
  outAt: number,
  zc: number,
): void {
  const end = graph.rowStart[row + 1] as number;
  for (let e = graph.rowStart[row] as number; e < end; e++) {
    const column = graph.column[e] as number;
    if (column >= columnEnd) break;
    xorRotated(out, outAt, word, column * zc, shifts[e] as number, zc);
  }
}

/**
 * The column behind the systematic ones appears in three core rows, twice with one shift: the sum of all
 * core rows leaves only the third, which is returned.
 */
function firstParityShift(graph: BaseGraph, shifts: Int32Array): number {
  let sum = 0;
  const end = graph.rowStart[CORE_ROWS] as number;
  for (let e = 0; e < end; e++) if (graph.column[e] === graph.systematicColumns) sum ^= shifts[e] as number;
  return sum;
}

/** Fills in the four core parity columns of `word`. */
function encodeCore(graph: BaseGraph, shifts: Int32Array, zc: number, word: Uint8Array): void {
  const kb = graph.systematicColumns;
  const sum = new Uint8Array(zc);
  for (let row = 0; row < CORE_ROWS; row++) addRow(graph, shifts, row, kb, word, sum, 0, zc);
  const shift = firstParityShift(graph, shifts);
  for (let i = 0; i < zc; i++) word[kb * zc + ((i + shift) % zc)] = sum[i] as number;
  // Row r's own diagonal entry has shift 0: it is what the columns before it leave.
  for (let row = 0; row < CORE_ROWS - 1; row++) {
    addRow(graph, shifts, row, kb + row + 1, word, word, (kb + row + 1) * zc, zc);
  }
}

/**
 * Encodes one code block.
 * @param block `[K]`, one bit a byte, filler bits 0.
 * @returns `[2·Zc + N]`: all columns of the graph, the 2·Zc punctured bits first.
 */
export function encodeFull(block: Uint8Array, shape: CodeBlockShape): Uint8Array<ArrayBuffer> {
  const { zc, systematicBits } = shape;
  if (block.length !== systematicBits) {
    throw invalid('block', `${systematicBits} bits`, `${block.length} bits`);
  }
  const graph = baseGraph(shape.baseGraph);
  const shifts = liftedShifts(graph, zc);
  const word = new Uint8Array(graph.columns * zc);
  word.set(block);
  encodeCore(graph, shifts, zc, word);
  for (let row = CORE_ROWS; row < graph.rows; row++) {
    const column = graph.systematicColumns + row;
    addRow(graph, shifts, row, column, word, word, column * zc, zc);
  }
  return word;
}

/** d of §5.3.2, `[N]`: the coded block without the punctured columns. Filler positions hold 0. */
export function encodeCodeBlock(block: Uint8Array, shape: CodeBlockShape): Uint8Array<ArrayBuffer> {
  return encodeFull(block, shape).subarray(PUNCTURED_COLUMNS * shape.zc);
}
