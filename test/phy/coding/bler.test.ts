import { describe, expect, it } from 'vitest';
import {
  type CodeBlockBler,
  gapToPublished,
  measureCodeBlockBler,
  PUBLISHED_POINTS,
  publishedCode,
  snrAtBler,
} from '#phy/coding/index.js';
import { Random } from '#phy/random.js';

/** Standard deviations by which `errors` of `blocks` lies above what a block error rate of `bler` expects. */
function excess(errors: number, blocks: number, bler: number): number {
  return (errors - blocks * bler) / Math.sqrt(blocks * bler * (1 - bler));
}

describe('BLER in AWGN lies within 0.3 dB of the published one', () => {
  // Rates 0.30, 0.59 (base graph 2) and 0.80 (base graph 1); block counts that make 3 deviations a safe margin.
  it.each([
    [4, 1000, 600],
    [6, 1000, 150],
    [8, 1000, 100],
    [25, 1000, 150],
  ])('MCS %i, %i bits', (mcsIndex, infoBits, blocks) => {
    const point = PUBLISHED_POINTS.find((p) => p.mcsIndex === mcsIndex && p.infoBits === infoBits)!;
    const rng = Random.fromSeed(`bler ${mcsIndex}`);
    const at = (snrDb: number, maxBlocks: number) =>
      measureCodeBlockBler({ ...publishedCode(point), snrDb, blockErrors: maxBlocks, maxBlocks }, rng);
    // 0.3 dB above the published SNR we make fewer errors than published there, 0.3 dB below more.
    const above = at(point.snrDb + 0.3, blocks);
    expect(excess(above.errors, above.blocks, point.bler)).toBeLessThan(-3);
    const below = at(point.snrDb - 0.3, 100);
    expect(excess(below.errors, below.blocks, point.bler)).toBeGreaterThan(3);
  });

  it('is measured as a gap by the function that the bench calls', () => {
    const point = PUBLISHED_POINTS.find((p) => p.mcsIndex === 8 && p.infoBits === 500)!;
    const { gapDb, curve } = gapToPublished(point, Random.fromSeed(1), { blockErrors: 40 });
    expect(Math.abs(gapDb)).toBeLessThan(0.3);
    expect(curve).toHaveLength(7);
    // A decoder that is cut short is seen to be worse.
    const hasty = gapToPublished(point, Random.fromSeed(1), { blockErrors: 40, maxIterations: 8 });
    expect(hasty.gapDb).toBeGreaterThan(gapDb + 0.1);
  });
});

function curvePoint(snrDb: number, bler: number): CodeBlockBler {
  return { snrDb, bler, blocks: 1000, errors: 1000 * bler, meanIterations: 1, decoderMbitPerSecond: 1 };
}

describe('a BLER curve', () => {
  it('is interpolated in log BLER', () => {
    const curve = [curvePoint(0, 1), curvePoint(1, 0.1), curvePoint(2, 0.001), curvePoint(3, 0)];
    expect(snrAtBler(curve, 0.01)).toBeCloseTo(1.5, 10);
    expect(snrAtBler(curve, 0.1)).toBeCloseTo(1, 10);
    expect(() => snrAtBler(curve.slice(0, 2), 0.01)).toThrow(/^curve: expected points on both sides/);
  });
});
