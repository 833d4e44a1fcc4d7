import { describe, expect, it } from 'vitest';
import { largestMcs, MCS_TABLES, mcsEntry } from '#phy/coding/mcs.js';
import {
  limitedBufferBits,
  resourceElements,
  SMALL_SIZES,
  transportBlockSize,
} from '#phy/coding/transport-block-size.js';
import { bitsPerSymbol } from '#nr/qam.js';

function floorLog2(x: bigint): number {
  return x.toString(2).length - 1;
}

/** TS 38.214 §5.1.3.2 in integers: everything times 2048, so that no rate is rounded. */
function integerSize(nRe: number, rate2048: number, qm: number, layers: number): number {
  const info = BigInt(nRe * qm * layers) * BigInt(rate2048);
  const scale = 2048n;
  if (info <= 3824n * scale) {
    const n = BigInt(Math.max(3, floorLog2(info / scale === 0n ? 1n : info / scale) - 6));
    const quantised = (info / (scale << n)) << n;
    const wanted = quantised > 24n ? quantised : 24n;
    return SMALL_SIZES.find((size) => BigInt(size) >= wanted)!;
  }
  const rest = info - 24n * scale;
  const n = BigInt(floorLog2(rest / scale) - 5);
  const unit = scale << n;
  const rounded = ((2n * rest + unit) / (2n * unit)) << n;
  const quantised = Number(rounded > 3840n ? rounded : 3840n);
  const limit = rate2048 <= 512 ? 3816 : 8424;
  const split = rate2048 <= 512 || quantised > 8424;
  const c = split ? Math.ceil((quantised + 24) / limit) : 1;
  return 8 * c * Math.ceil((quantised + 24) / (8 * c)) - 24;
}

describe('transport-block size', () => {
  it('has the 93 sizes of Table 5.1.3.2-1', () => {
    expect(SMALL_SIZES).toHaveLength(93);
    expect(SMALL_SIZES.every((size, i) => size % 8 === 0 && size > (SMALL_SIZES[i - 1] ?? 0))).toBe(true);
    // First entries of the table's columns, and its last.
    expect([1, 31, 61, 91, 93].map((i) => SMALL_SIZES[i - 1])).toEqual([24, 336, 1288, 3624, 3824]);
  });

  it('equals integer arithmetic for every MCS and allocation width', () => {
    for (const table of MCS_TABLES) {
      for (let index = 0; index <= largestMcs(table); index++) {
        const mcs = mcsEntry(table, index);
        const sizes: [number, number][] = [];
        for (let nPrb = 1; nPrb <= 275; nPrb += 3) {
          const layers = 1 + (nPrb % 4);
          const nRe = resourceElements({ nPrb, nSymbols: 12, dmrsRePerPrb: 12 });
          const expected = integerSize(nRe, mcs.targetCodeRate * 2048, bitsPerSymbol(mcs.modulation), layers);
          sizes.push([transportBlockSize(nRe, mcs, layers), expected]);
        }
        expect(sizes.map(([size]) => size)).toEqual(sizes.map(([, expected]) => expected));
      }
    }
  });

  it('equals a size captured from a live network', () => {
    // github.com/dustinchen26/TBS: 273 PRB, 13 symbols, 24 DMRS REs, 256QAM table, MCS 9, 4 layers: 43047 bytes.
    const nRe = resourceElements({ nPrb: 273, nSymbols: 13, dmrsRePerPrb: 24 });
    expect(nRe).toBe(36_036);
    expect(transportBlockSize(nRe, mcsEntry(2, 9), 4)).toBe(8 * 43_047);
  });

  it('caps the REs at 156 a PRB and takes the overhead off', () => {
    expect(resourceElements({ nPrb: 10, nSymbols: 14, dmrsRePerPrb: 6 })).toBe(1560);
    expect(resourceElements({ nPrb: 10, nSymbols: 14, dmrsRePerPrb: 12, overheadRePerPrb: 6 })).toBe(1500);
  });

  it('names what does not fit', () => {
    expect(() => transportBlockSize(0, mcsEntry(1, 0))).toThrow(/^nRe: /);
    expect(() => transportBlockSize(10, mcsEntry(1, 0), 5)).toThrow(/^layers: /);
    expect(() => resourceElements({ nPrb: 0, nSymbols: 12, dmrsRePerPrb: 12 })).toThrow(/^nPrb: /);
  });
});

describe('MCS tables of TS 38.214 §5.1.3.1', () => {
  it.each([
    // Modulation order and spectral efficiency as the tables print them.
    [1, 0, 'QPSK', 0.2344],
    [1, 9, 'QPSK', 1.3262],
    [1, 10, '16QAM', 1.3281],
    [1, 16, '16QAM', 2.5703],
    [1, 17, '64QAM', 2.5664],
    [1, 28, '64QAM', 5.5547],
    [2, 4, 'QPSK', 1.1758],
    [2, 5, '16QAM', 1.4766],
    [2, 11, '64QAM', 2.7305],
    [2, 20, '256QAM', 5.332],
    [2, 26, '256QAM', 7.1602],
    [2, 27, '256QAM', 7.4063],
    [3, 0, 'QPSK', 0.0586],
    [3, 14, 'QPSK', 1.1758],
    [3, 15, '16QAM', 1.3281],
    [3, 28, '64QAM', 4.5234],
  ] as const)('table %i, index %i: %s, %d bit/s/Hz', (table, index, modulation, efficiency) => {
    const entry = mcsEntry(table, index);
    expect(entry.modulation).toBe(modulation);
    expect(bitsPerSymbol(modulation) * entry.targetCodeRate).toBeCloseTo(efficiency, 4);
  });

  it('have efficiencies that rise within a modulation, and 29, 28 and 29 indices', () => {
    expect(MCS_TABLES.map(largestMcs)).toEqual([28, 27, 28]);
    for (const table of MCS_TABLES) {
      const entries = Array.from({ length: largestMcs(table) + 1 }, (_, i) => mcsEntry(table, i));
      const falling = entries.filter((entry, i) => {
        const before = entries[i - 1];
        return before?.modulation === entry.modulation && before.targetCodeRate >= entry.targetCodeRate;
      });
      expect(falling).toEqual([]);
    }
  });

  it('refuse reserved indices', () => {
    expect(() => mcsEntry(1, 29)).toThrow(/^mcsIndex: expected an integer from 0 to 28/);
    expect(() => mcsEntry(2, 28)).toThrow(/^mcsIndex: /);
    expect(() => mcsEntry(4 as 1, 0)).toThrow(/^mcsTable: /);
  });
});

describe('TBS_LBRM', () => {
  it('is what OpenAirInterface reckons with on 106 PRB, two layers, 64QAM', () => {
    expect(limitedBufferBits({ nPrb: 106, layers: 2, modulation: '64QAM' })).toBe(184_424);
  });

  it('steps with the resource blocks of TS 38.212 Table 5.4.2.1-1', () => {
    const sizes = [1, 32, 33, 66, 67, 107, 108, 135, 136, 162, 163, 217, 218, 273].map((nPrb) =>
      limitedBufferBits({ nPrb, layers: 1, modulation: '64QAM' }),
    );
    expect(new Set(sizes).size).toBe(7);
    for (let i = 0; i < sizes.length; i += 2) expect(sizes[i + 1]).toBe(sizes[i]);
    expect(() => limitedBufferBits({ nPrb: 274, layers: 1, modulation: '64QAM' })).toThrow('nPrb');
  });
});
