import { describe, expect, it } from 'vitest';
import { type DmrsConfig, dmrsCInit, dmrsGrid } from '#nr/dmrs.js';

const BASE: DmrsConfig = {
  configType: 1,
  symbolPositions: [2, 11],
  nId: 42,
  nScid: 0,
  slot: 7,
  cdmGroupsWithoutData: 2,
};
const SHAPE = { nSym: 14, nSc: 48 };
const PLANE = SHAPE.nSym * SHAPE.nSc;

/** Subcarriers with a pilot in one symbol. */
function pilotSubcarriers(grid: Float32Array, symbol: number, { nSym, nSc } = SHAPE): number[] {
  const found: number[] = [];
  for (let sc = 0; sc < nSc; sc++) {
    const re = symbol * nSc + sc;
    if (grid[re] !== 0 || grid[nSym * nSc + re] !== 0) found.push(sc);
  }
  return found;
}

describe('dmrsGrid', () => {
  it('puts type 1 pilots on every second subcarrier of the DMRS symbols only', () => {
    const grid = dmrsGrid(BASE, SHAPE);
    expect(grid.length).toBe(2 * PLANE);
    for (let symbol = 0; symbol < 14; symbol++) {
      const expected = symbol === 2 || symbol === 11 ? Array.from({ length: 24 }, (_, i) => 2 * i) : [];
      expect(pilotSubcarriers(grid, symbol)).toEqual(expected);
    }
  });

  it('puts type 2 pilots of CDM group g on subcarriers 6n + 2g + {0, 1}', () => {
    for (const port of [0, 2, 4]) {
      const grid = dmrsGrid({ ...BASE, configType: 2, port, cdmGroupsWithoutData: 3 }, SHAPE);
      const expected = Array.from({ length: 16 }, (_, m) => 6 * (m >> 1) + port + (m % 2));
      expect(pilotSubcarriers(grid, 2)).toEqual(expected);
    }
  });

  it('has QPSK pilots of modulus `scale`, all four points in use', () => {
    const grid = dmrsGrid({ ...BASE, scale: Math.SQRT2 }, SHAPE);
    const points = new Set<string>();
    for (const sc of pilotSubcarriers(grid, 2)) {
      const re = grid[2 * 48 + sc] ?? 0;
      const im = grid[PLANE + 2 * 48 + sc] ?? 0;
      expect(Math.hypot(re, im)).toBeCloseTo(Math.SQRT2, 6);
      expect(Math.abs(re)).toBeCloseTo(1, 6);
      points.add(`${Math.sign(re)} ${Math.sign(im)}`);
    }
    expect(points.size).toBe(4);
  });

  it('gives the published PDSCH DMRS of type 2, port 1005, N_ID 10', () => {
    // MathWorks, nrPDSCHDMRS example (52 RBs, first of a double symbol): indices 1252, 1253, 1258, …
    const shape = { nSym: 14, nSc: 624 };
    const config: DmrsConfig = {
      configType: 2,
      symbolPositions: [2],
      nId: 10,
      nScid: 0,
      slot: 0, // NSlot = 10 of a 15 kHz carrier: slot 0 of the next frame
      cdmGroupsWithoutData: 3,
      port: 5,
    };
    const grid = dmrsGrid(config, shape);
    const sc = pilotSubcarriers(grid, 2, shape).slice(0, 10);
    expect(sc.map((k) => 2 * 624 + k)).toEqual([1252, 1253, 1258, 1259, 1264, 1265, 1270, 1271, 1276, 1277]);
    const signs = sc.map((k) => {
      const re = 2 * 624 + k;
      return `${(grid[re] ?? 0) > 0 ? '+' : '-'}${(grid[14 * 624 + re] ?? 0) > 0 ? '+' : '-'}`;
    });
    expect(signs).toEqual(['--', '-+', '-+', '++', '++', '--', '+-', '-+', '+-', '--']);
  });

  it('counts the sequence from common resource block 0', () => {
    const wide = dmrsGrid(BASE, { nSym: 14, nSc: 240 });
    const narrow = dmrsGrid({ ...BASE, startRb: 7 }, SHAPE);
    for (let part = 0; part < 2; part++) {
      for (let symbol = 0; symbol < 14; symbol++) {
        const from = (part * 14 + symbol) * 240 + 7 * 12;
        const row = (part * 14 + symbol) * 48;
        expect(narrow.slice(row, row + 48)).toEqual(wide.slice(from, from + 48));
      }
    }
  });

  it('numbers symbols in the slot when the grid starts later', () => {
    const whole = dmrsGrid(BASE, SHAPE);
    const later = dmrsGrid({ ...BASE, startSymbol: 1 }, { nSym: 13, nSc: 48 });
    expect(later.slice(0, 13 * 48)).toEqual(whole.slice(48, 14 * 48));
    expect(later.slice(13 * 48)).toEqual(whole.slice(PLANE + 48));
  });

  it('depends on N_ID, n_SCID, slot and symbol', () => {
    const grids = [BASE, { ...BASE, nId: 43 }, { ...BASE, nScid: 1 as const }, { ...BASE, slot: 8 }].map(
      (config) => dmrsGrid(config, SHAPE),
    );
    const rows = grids.flatMap((grid) => [grid.slice(96, 144), grid.slice(11 * 48, 12 * 48)]);
    expect(new Set(rows.map((row) => row.join())).size).toBe(rows.length);
  });

  it('initialises the sequence as §7.4.1.1.1 says', () => {
    const exact = (BigInt(2 ** 17) * (14n * 7n + 11n + 1n) * (2n * 42n + 1n) + 2n * 42n + 1n) % 2n ** 31n;
    expect(dmrsCInit({ ...BASE, nScid: 1 }, 11)).toBe(Number(exact));
    const largest =
      (BigInt(2 ** 17) * (14n * 639n + 14n) * (2n * 65535n + 1n) + 2n * 65535n + 1n) % 2n ** 31n;
    expect(dmrsCInit({ nId: 65535, nScid: 1, slot: 639 }, 13)).toBe(Number(largest));
    expect(dmrsCInit({ nId: 0, nScid: 0, slot: 1, symbolsPerSlot: 12 }, 0)).toBe(13 * 2 ** 17);
  });

  it.each<[string, Partial<DmrsConfig>]>([
    ['dmrs.configType', { configType: 3 as 2 }],
    ['dmrs.symbolPositions', { symbolPositions: [] }],
    ['dmrs.symbolPositions[1]', { symbolPositions: [2, 14] }],
    ['dmrs.symbolPositions[0]', { symbolPositions: [1.5] }],
    ['dmrs.symbolPositions', { symbolPositions: [11, 2] }],
    ['dmrs.symbolPositions', { symbolPositions: [2, 2] }],
    ['dmrs.nId', { nId: 65536 }],
    ['dmrs.nScid', { nScid: 2 as 1 }],
    ['dmrs.slot', { slot: -1 }],
    ['dmrs.cdmGroupsWithoutData', { cdmGroupsWithoutData: 3 }],
    ['dmrs.cdmGroupsWithoutData', { port: 2, cdmGroupsWithoutData: 1 }],
    ['dmrs.scale', { scale: 0 }],
    ['dmrs.scale', { scale: Number.POSITIVE_INFINITY }],
    ['dmrs.startRb', { startRb: -1 }],
    ['dmrs.port', { port: 4 }],
    ['dmrs.startSymbol', { startSymbol: 1 }],
    ['dmrs.symbolsPerSlot', { symbolsPerSlot: 13 as 12 }],
  ])('names %s when it does not fit: %j', (field, change) => {
    expect(() => dmrsGrid({ ...BASE, ...change }, SHAPE)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    );
  });

  it('refuses grids that are not whole resource blocks, and takes another field prefix', () => {
    expect(() => dmrsGrid(BASE, { nSym: 14, nSc: 50 })).toThrow(
      'nSc: expected a multiple of 12, received 50',
    );
    expect(() => dmrsGrid(BASE, { nSym: 0, nSc: 48 })).toThrow('nSym: expected an integer from 1 to 14');
    expect(() => dmrsGrid({ ...BASE, slot: 640 }, SHAPE, 'grids[3].dmrs.config')).toThrow(
      'grids[3].dmrs.config.slot',
    );
  });
});
