import { describe, expect, it } from 'vitest';
import { MCS_TABLES, largestMcs, mcsEntry } from '#phy/coding/mcs.js';
import {
  codeBlockShape,
  desegment,
  segment,
  segmentation,
  selectBaseGraph,
} from '#phy/coding/segmentation.js';
import { transportBlockSize } from '#phy/coding/transport-block-size.js';
import { Random } from '#phy/random.js';
import { LIFTINGS } from './helpers/reference.js';

/** §5.2.2 and §7.2.2 as direct formulas. */
function expectedSegmentation(a: number, rate: number) {
  const graph = a <= 292 || (a <= 3824 && rate <= 0.67) || rate <= 0.25 ? 2 : 1;
  const b = a + (a > 3824 ? 24 : 16);
  const kcb = graph === 1 ? 8448 : 3840;
  const c = b <= kcb ? 1 : Math.ceil(b / (kcb - 24));
  const bPrime = c === 1 ? b : b + c * 24;
  const kPrime = bPrime / c;
  const kb = graph === 1 ? 22 : b > 640 ? 10 : b > 560 ? 9 : b > 192 ? 8 : 6;
  const zc = Math.min(...LIFTINGS.map((lifting) => lifting.zc).filter((z) => kb * z >= kPrime));
  const k = (graph === 1 ? 22 : 10) * zc;
  return { graph, c, kPrime, zc, k, f: k - kPrime };
}

function actualSegmentation(a: number, rate: number) {
  const { codeBlocks, shape } = segmentation(a, rate);
  const { baseGraph, payloadBits, zc, systematicBits } = shape;
  const f = systematicBits - payloadBits;
  return { graph: baseGraph, c: codeBlocks, kPrime: payloadBits, zc, k: systematicBits, f };
}

describe('segmentation', () => {
  it('equals the formulas of §5.2.2 for the size of every MCS and many allocations', () => {
    const expected: object[] = [];
    const actual: object[] = [];
    for (const table of MCS_TABLES) {
      for (let index = 0; index <= largestMcs(table); index++) {
        const mcs = mcsEntry(table, index);
        for (let nRe = 12; nRe < 43_000; nRe = Math.ceil(nRe * 1.17)) {
          const a = transportBlockSize(nRe, mcs, 1 + (actual.length % 4));
          expected.push(expectedSegmentation(a, mcs.targetCodeRate));
          actual.push(actualSegmentation(a, mcs.targetCodeRate));
        }
      }
    }
    expect(actual.length).toBeGreaterThan(3000);
    expect(actual).toEqual(expected);
  });

  it.each([
    // A, R, graph, C, K', Zc, K, F: both sides of every threshold.
    [24, 0.5, 2, 1, 40, 7, 70, 30],
    [176, 0.5, 2, 1, 192, 32, 320, 128],
    [177, 0.5, 2, 1, 193, 26, 260, 67],
    [292, 0.9, 2, 1, 308, 40, 400, 92],
    [293, 0.9, 1, 1, 309, 15, 330, 21],
    [544, 0.5, 2, 1, 560, 72, 720, 160],
    [545, 0.5, 2, 1, 561, 64, 640, 79],
    [624, 0.5, 2, 1, 640, 72, 720, 80],
    [625, 0.5, 2, 1, 641, 72, 720, 79],
    [3824, 0.67, 2, 1, 3840, 384, 3840, 0],
    [3824, 0.68, 1, 1, 3840, 176, 3872, 32],
    [3840, 0.5, 1, 1, 3864, 176, 3872, 8],
    [8424, 0.5, 1, 1, 8448, 384, 8448, 0],
    // The example of MathWorks' nrDLSCHInfo: C 2, F 312, Zc 208, K 4576.
    [8456, 517 / 1024, 1, 2, 4264, 208, 4576, 312],
    [3816, 0.2, 2, 1, 3832, 384, 3840, 8],
    [3848, 0.2, 2, 2, 1960, 208, 2080, 120],
  ])('A = %i, R = %d', (a, rate, graph, c, kPrime, zc, k, f) => {
    expect(actualSegmentation(a, rate)).toEqual({ graph, c, kPrime, zc, k, f });
  });

  it.each([
    [250, 0.7],
    [3000, 0.5],
    [8456, 0.5],
    [31_752, 0.85],
    [7680, 0.2],
  ])('is undone for A = %i, R = %d, and finds a flipped bit', (a, rate) => {
    const plan = segmentation(a, rate);
    const bits = Random.fromSeed(a).bits(a);
    const blocks = segment(bits, plan);
    expect(blocks).toHaveLength(plan.codeBlocks * plan.shape.systematicBits);
    expect(desegment(blocks, plan)).toEqual({ bits, crcOk: true });
    blocks[Math.floor(plan.shape.payloadBits / 2)]! ^= 1;
    expect(desegment(blocks, plan).crcOk).toBe(false);
  });

  it('names what does not fit', () => {
    expect(() => segmentation(8431, 0.5)).toThrow(
      /^transportBlockSize: expected a size A .* multiple of its 2 code/,
    );
    expect(() => segmentation(100, 1)).toThrow(/^targetCodeRate: /);
    expect(() => segmentation(0, 0.5)).toThrow(/^transportBlockSize: /);
    expect(() => codeBlockShape(2, 3841)).toThrow(/^payloadBits: /);
    expect(() => segment(new Uint8Array(3), segmentation(24, 0.5))).toThrow(/^bits: expected 24 bits/);
    expect(selectBaseGraph(3825, 0.5)).toBe(1);
  });
});
