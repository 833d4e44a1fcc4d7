import { describe, expect, it } from 'vitest';
import { baseGraph, LIFTING_SIZES, liftingSetIndex } from '#phy/coding/base-graph.js';
import { encodeCodeBlock, encodeFull } from '#phy/coding/ldpc-encoder.js';
import type { CodeBlockShape } from '#phy/coding/segmentation.js';
import { Random } from '#phy/random.js';
import { denseEncode, edgesOf, GRAPH_SIZE, LIFTINGS, violatedChecks } from './helpers/reference.js';

function fullShape(graph: 1 | 2, zc: number): CodeBlockShape {
  const systematicBits = GRAPH_SIZE[graph].kb * zc;
  const codedBits = (GRAPH_SIZE[graph].columns - 2) * zc;
  return { baseGraph: graph, zc, payloadBits: systematicBits, systematicBits, codedBits };
}

/** FNV-1a over (row, column, V0 … V7) of all entries in order. */
function digest(graph: 1 | 2): number {
  let hash = 0x811c9dc5;
  for (const { row, column, values } of edgesOf(graph)) {
    for (const value of [row, column, ...values]) hash = Math.imul(hash ^ value, 0x01000193);
  }
  return hash >>> 0;
}

describe.each([1, 2] as const)('base graph %i', (graph) => {
  it('is the table of TS 38.212, entry for entry', () => {
    expect(edgesOf(graph)).toHaveLength(graph === 1 ? 316 : 197);
    // Of the standard's values as the project received them.
    expect(digest(graph)).toBe(graph === 1 ? 0x735a69a0 : 0x2b032b5e);
    const { rows, columns, kb } = GRAPH_SIZE[graph];
    expect(baseGraph(graph)).toMatchObject({ rows, columns, systematicColumns: kb });
  });

  it('encodes to zero syndrome for every lifting size', () => {
    const rng = Random.fromSeed(graph);
    expect(LIFTINGS).toHaveLength(51);
    for (const { zc, set } of LIFTINGS) {
      const shape = fullShape(graph, zc);
      const block = rng.bits(shape.systematicBits);
      const word = encodeFull(block, shape);
      expect(violatedChecks(graph, zc, set, word), `Zc ${zc}`).toBe(0);
      expect(word.subarray(0, block.length)).toEqual(block);
      expect(encodeCodeBlock(block, shape)).toEqual(word.slice(2 * zc));
      // The syndrome can tell: a flipped bit is seen.
      word[rng.integer(word.length)]! ^= 1;
      expect(violatedChecks(graph, zc, set, word)).toBeGreaterThan(0);
    }
  });

  it.each([2, 3, 5, 7])('equals Gaussian elimination on the dense matrix for Zc = %i', (zc) => {
    const rng = Random.fromSeed(100 * graph + zc);
    const block = rng.bits(GRAPH_SIZE[graph].kb * zc);
    const { set } = LIFTINGS.find((lifting) => lifting.zc === zc)!;
    expect(encodeFull(block, fullShape(graph, zc))).toEqual(denseEncode(graph, zc, set, block));
  });

  it('refuses a block of another length', () => {
    expect(() => encodeFull(new Uint8Array(3), fullShape(graph, 2))).toThrow(
      /^block: expected \d+ bits, received 3 bits/,
    );
  });
});

describe('lifting sizes', () => {
  it('are a·2^j with the set index of a', () => {
    expect(LIFTING_SIZES).toEqual(LIFTINGS.map(({ zc }) => zc).sort((a, b) => a - b));
    for (const { zc, set } of LIFTINGS) expect(liftingSetIndex(zc)).toBe(set);
    expect(() => liftingSetIndex(17)).toThrow(/^zc: expected a lifting size/);
  });
});
