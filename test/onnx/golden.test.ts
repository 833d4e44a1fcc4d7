import { describe, expect, it } from 'vitest';
import type { ModelContract } from '#onnx/contract.js';
import { type GoldenGrid, checkGolden, decodeGolden, encodeGolden } from '#onnx/golden.js';

/** Two antennas, 2 × 3, Qm = 2; every value is another. */
const GRID: GoldenGrid = {
  nRx: 2,
  nSym: 2,
  nSc: 3,
  bitsPerSymbol: 2,
  rxGrid: Float32Array.from({ length: 24 }, (_, i) => i / 8 - 1),
  dmrs: Float32Array.from({ length: 12 }, (_, i) => i / 4),
  llr: Float32Array.from({ length: 12 }, (_, i) => Math.fround(i / 3 - 2)),
};

/** The file's JSON, with the first grid changed. */
function changed(change: Readonly<Record<string, unknown>>): string {
  const file = JSON.parse(encodeGolden([GRID], 'test')) as { grids: [object] };
  return JSON.stringify({ ...file, grids: [{ ...file.grids[0], ...change }] });
}

describe('the golden file', () => {
  it('holds grids and LLRs exactly', () => {
    expect(decodeGolden(encodeGolden([GRID, GRID], 'test'))).toEqual([GRID, GRID]);
  });

  it('has samples as cf16_le: re and im side by side, antenna after antenna', () => {
    const { grids } = JSON.parse(encodeGolden([GRID], 'test')) as { grids: [{ rx: string }] };
    const bytes = Buffer.from(grids[0].rx, 'base64');
    // re of antenna 0 begins with -1 (0xbc00), im with -0.25 (0xb400); antenna 1 with 0.5 (0x3800) and 1.25 (0x3d00).
    expect([0, 2, 24, 26].map((offset) => bytes.readUInt16LE(offset))).toEqual([
      0xbc00, 0xb400, 0x3800, 0x3d00,
    ]);
  });

  it.each([
    ['text', 'no JSON', /not valid JSON/],
    ['another format', JSON.stringify({ format: 'x', madeBy: '', grids: [] }), /format/],
    ['an unknown key', changed({ llrs: '' }), /grids\[0\]/],
    ['too few samples', changed({ rx: 'AAAA' }), /grids\[0\]\.rx: expected 48 bytes, received 3 bytes/],
    [
      'sizes that nothing fits',
      changed({ nSym: 65_536, nSc: 65_536 }),
      /grids\[0\]\.llr: expected \d+ bytes/,
    ],
    ['characters that are no base64', changed({ llr: '!' }), /grids\[0\]\.llr/],
  ])('is refused with %s', (_, text, reason) => {
    expect(() => decodeGolden(text)).toThrow(reason);
  });

  it('must hold grids that the model takes', () => {
    const contract = { nRx: 2, bitsPerSymbol: 2, nSym: undefined, nSc: 3 } as unknown as ModelContract;
    expect(() => checkGolden([GRID], contract)).not.toThrow();
    expect(() => checkGolden([GRID], { ...contract, nRx: 4 })).toThrow(/grids\[0\]\.nRx: expected 4/);
    expect(() => checkGolden([GRID], { ...contract, nSc: 12 })).toThrow(/grids\[0\]\.nSc: expected 12/);
  });
});
