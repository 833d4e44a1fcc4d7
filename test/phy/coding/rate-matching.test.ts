import { describe, expect, it } from 'vitest';
import {
  codedBitsPerBlock,
  limitedBufferSize,
  REDUNDANCY_VERSIONS,
  rateDematch,
  rateMatch,
  startPosition,
} from '#phy/coding/rate-matching.js';
import { codeBlockShape } from '#phy/coding/segmentation.js';
import { Random } from '#phy/random.js';
import { selectedPositions } from './helpers/reference.js';

/** Where each output bit comes from, read off by sending the bits of the position number one after another. */
function tracedPositions(config: Parameters<typeof rateMatch>[1], e: number): number[] {
  const positions = Array.from({ length: e }, () => 0);
  for (let plane = 0; plane < 15; plane++) {
    const coded = Uint8Array.from({ length: config.shape.codedBits }, (_, i) => (i >> plane) & 1);
    const out = new Uint8Array(e);
    rateMatch(coded, config, out);
    for (let k = 0; k < e; k++) positions[k]! += out[k]! << plane;
  }
  return positions;
}

/** −1 when there is none. Of tens of thousands of numbers, which toEqual takes a hundred times as long for. */
function firstDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  const longer = actual.length > expected.length ? actual : expected;
  return Array.from(longer).findIndex((_, i) => actual[i] !== expected[i]);
}

describe('rate matching takes every bit from where §5.4.2 says', () => {
  const shapes: [1 | 2, number][] = [
    [1, 309],
    [1, 4264],
    [1, 8448],
    [2, 40],
    [2, 193],
    [2, 1960],
    [2, 3840],
  ];

  it.each(shapes)('base graph %i, K′ = %i', (graph, payloadBits) => {
    const shape = codeBlockShape(graph, payloadBits);
    const { zc, codedBits: n, systematicBits } = shape;
    const isNull = (p: number): boolean => p >= payloadBits - 2 * zc && p < systematicBits - 2 * zc;
    for (const bufferSize of [n, Math.floor(n * 0.6)]) {
      for (const rv of REDUNDANCY_VERSIONS) {
        for (const [bitsPerSymbol, factor] of [
          [2, 0.4],
          [4, 0.9],
          [6, 1.3],
          [8, 2.2],
        ] as const) {
          const e = bitsPerSymbol * Math.ceil((n * factor) / bitsPerSymbol);
          const expected = selectedPositions({
            graph,
            zc,
            isNull,
            ncb: bufferSize,
            rv,
            e,
            qm: bitsPerSymbol,
          });
          const config = { shape, bitsPerSymbol, rv, bufferSize };
          expect(firstDifference(tracedPositions(config, e), expected)).toBe(-1);
          const soft = new Float32Array(n);
          rateDematch(
            Float32Array.from({ length: e }, (_, k) => 1 + (k % 7)),
            config,
            soft,
          );
          const sums = new Float32Array(n);
          expected.forEach((position, k) => {
            sums[position]! += 1 + (k % 7);
          });
          expect(firstDifference(soft, sums)).toBe(-1);
        }
      }
    }
  });

  it('starts where Table 5.4.2.1-2 says', () => {
    const one = codeBlockShape(1, 8448);
    expect(REDUNDANCY_VERSIONS.map((rv) => startPosition(one, rv, one.codedBits) / 384)).toEqual([
      0, 17, 33, 56,
    ]);
    const two = codeBlockShape(2, 3840);
    expect(REDUNDANCY_VERSIONS.map((rv) => startPosition(two, rv, two.codedBits) / 384)).toEqual([
      0, 13, 25, 43,
    ]);
    // Half the buffer: ⌊17/2⌋, ⌊33/2⌋, ⌊56/2⌋ lifting sizes.
    expect(REDUNDANCY_VERSIONS.map((rv) => startPosition(one, rv, one.codedBits / 2) / 384)).toEqual([
      0, 8, 16, 28,
    ]);
  });

  it('limits the buffer to TBS_LBRM / (C·2/3)', () => {
    const shape = codeBlockShape(1, 8448);
    expect(limitedBufferSize(shape, 2, 16_896)).toBe(12_672);
    expect(limitedBufferSize(shape, 1, 1_000_000)).toBe(shape.codedBits);
  });

  it('refuses outputs that are no whole symbols', () => {
    const shape = codeBlockShape(2, 100);
    const config = { shape, bitsPerSymbol: 4, rv: 0 } as const;
    expect(() => rateMatch(new Uint8Array(shape.codedBits), config, new Uint8Array(6))).toThrow(/^out: /);
    expect(() => rateDematch(new Float32Array(6), config, new Float32Array(shape.codedBits))).toThrow(
      /^llrs: /,
    );
  });
});

describe('the share of each code block', () => {
  it('equals §5.4.2.1 and adds up to G', () => {
    const rng = Random.fromSeed(5);
    for (let i = 0; i < 300; i++) {
      const qm = 2 * (1 + rng.integer(4));
      const layers = 1 + rng.integer(4);
      const c = 1 + rng.integer(12);
      const g = qm * layers * (c + rng.integer(500));
      const expected: number[] = [];
      for (let j = 0; j < c; j++) {
        const few = j <= c - ((g / (layers * qm)) % c) - 1;
        const exact = g / (layers * qm * c);
        expected.push(layers * qm * (few ? Math.floor(exact) : Math.ceil(exact)));
      }
      const share = [...codedBitsPerBlock(g, c, qm, layers)];
      expect(share).toEqual(expected);
      expect(share.reduce((a, b) => a + b)).toBe(g);
    }
  });

  it('refuses a G that is no whole number of symbols', () => {
    expect(() => codedBitsPerBlock(1001, 1, 2)).toThrow(/^codedBits: expected a multiple of 2/);
    expect(() => codedBitsPerBlock(4, 3, 2)).toThrow(/^codedBits: .* at least 6/);
  });
});
