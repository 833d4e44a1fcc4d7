/**
 * Slow, direct readings of TS 38.212, to compare with. They share the base-graph tables with src and nothing
 * else.
 */
import { BASE_GRAPH_1 } from '#phy/coding/base-graph-1.data.js';
import { BASE_GRAPH_2 } from '#phy/coding/base-graph-2.data.js';

export interface Edge {
  readonly row: number;
  readonly column: number;
  readonly values: readonly number[];
}

/** The entries of a base graph, read straight from its table. */
export function edgesOf(graph: 1 | 2): Edge[] {
  const lines = (graph === 1 ? BASE_GRAPH_1 : BASE_GRAPH_2).split('\n').filter((line) => line !== '');
  return lines.flatMap((line, row) =>
    [...line.matchAll(/(\d+):([\d,]+)/g)].map((match) => ({
      row,
      column: Number(match[1]),
      values: (match[2] as string).split(',').map(Number),
    })),
  );
}

const SET_BASES = [2, 3, 5, 7, 9, 11, 13, 15];

/** All a·2^j ≤ 384 with a of Table 5.3.2-1, and their set index. */
export const LIFTINGS: readonly { zc: number; set: number }[] = SET_BASES.flatMap((base, set) => {
  const sizes: { zc: number; set: number }[] = [];
  for (let zc = base; zc <= 384; zc *= 2) sizes.push({ zc, set });
  return sizes;
});

export const GRAPH_SIZE = {
  1: { rows: 46, columns: 68, kb: 22 },
  2: { rows: 42, columns: 52, kb: 10 },
} as const;

/** Number of parity checks that `word` (all columns) violates. */
export function violatedChecks(graph: 1 | 2, zc: number, set: number, word: Uint8Array): number {
  const syndrome = new Uint8Array(GRAPH_SIZE[graph].rows * zc);
  for (const { row, column, values } of edgesOf(graph)) {
    const shift = (values[set] as number) % zc;
    for (let i = 0; i < zc; i++) {
      syndrome[row * zc + i]! ^= word[column * zc + ((i + shift) % zc)]!;
    }
  }
  return syndrome.reduce((count, bit) => count + bit, 0);
}

/** Encodes by Gaussian elimination on the dense parity part of H: no structure is used. */
export function denseEncode(graph: 1 | 2, zc: number, set: number, block: Uint8Array): Uint8Array {
  const { rows, columns, kb } = GRAPH_SIZE[graph];
  const n = rows * zc;
  // [parity part of H | right-hand side from the systematic part]
  const system = Array.from({ length: n }, () => new Uint8Array(n + 1));
  for (const { row, column, values } of edgesOf(graph)) {
    for (let i = 0; i < zc; i++) {
      const bit = column * zc + ((i + (values[set] as number)) % zc);
      const equation = system[row * zc + i]!;
      if (column < kb) equation[n]! ^= block[bit]!;
      else equation[bit - kb * zc]! ^= 1;
    }
  }
  for (let pivot = 0; pivot < n; pivot++) {
    const found = system.findIndex((equation, i) => i >= pivot && equation[pivot] === 1);
    if (found < 0) throw new Error('the parity part is singular');
    [system[pivot], system[found]] = [system[found]!, system[pivot]!];
    for (let i = 0; i < n; i++) {
      if (i === pivot || system[i]![pivot] === 0) continue;
      for (let j = pivot; j <= n; j++) system[i]![j]! ^= system[pivot]![j]!;
    }
  }
  const word = new Uint8Array(columns * zc);
  word.set(block);
  for (let i = 0; i < n; i++) word[kb * zc + i] = system[i]![n]!;
  return word;
}

/** Buffer position of each output bit, §5.4.2.1 and §5.4.2.2 as they are written: `[E]`. */
export function selectedPositions(options: {
  readonly graph: 1 | 2;
  readonly zc: number;
  /** Positions of d that hold NULL. */
  readonly isNull: (position: number) => boolean;
  readonly ncb: number;
  readonly rv: 0 | 1 | 2 | 3;
  readonly e: number;
  readonly qm: number;
}): number[] {
  const { graph, zc, isNull, ncb, rv, e, qm } = options;
  const k0 =
    graph === 1
      ? [
          0,
          Math.floor((17 * ncb) / (66 * zc)) * zc,
          Math.floor((33 * ncb) / (66 * zc)) * zc,
          Math.floor((56 * ncb) / (66 * zc)) * zc,
        ][rv]!
      : [
          0,
          Math.floor((13 * ncb) / (50 * zc)) * zc,
          Math.floor((25 * ncb) / (50 * zc)) * zc,
          Math.floor((43 * ncb) / (50 * zc)) * zc,
        ][rv]!;
  const selected: number[] = [];
  for (let j = 0; selected.length < e; j++) {
    const position = (k0 + j) % ncb;
    if (!isNull(position)) selected.push(position);
  }
  const interleaved = Array.from<number>({ length: e });
  for (let j = 0; j < e / qm; j++) {
    for (let i = 0; i < qm; i++) interleaved[i + j * qm] = selected[(i * e) / qm + j]!;
  }
  return interleaved;
}

/** Remainder of polynomial long division by `generator` (leading term included), bit by bit. */
export function divisionRemainder(bits: readonly number[], generator: readonly number[]): number[] {
  const length = generator.length - 1;
  const dividend = [...bits, ...Array.from({ length }, () => 0)];
  for (let i = 0; i < bits.length; i++) {
    if (dividend[i] === 0) continue;
    for (let j = 0; j <= length; j++) dividend[i + j]! ^= generator[j]!;
  }
  return dividend.slice(bits.length);
}

/** LLRs of known bits, `magnitude` each. */
export function llrsOf(bits: Uint8Array, magnitude = 4): Float32Array<ArrayBuffer> {
  return Float32Array.from(bits, (bit) => (bit === 0 ? magnitude : -magnitude));
}
