import { describe, expect, it } from 'vitest';
import { type DmrsConfig, dmrsGrid } from '#nr/dmrs.js';
import { codewordOrder, dataMask } from '#nr/resource-map.js';

const SHAPE = { nSym: 14, nSc: 24 };

function config(change: Partial<DmrsConfig>): DmrsConfig {
  return {
    configType: 1,
    symbolPositions: [2],
    nId: 1,
    nScid: 0,
    slot: 0,
    cdmGroupsWithoutData: 2,
    ...change,
  };
}

function dataPerSymbol(mask: Uint8Array): number[] {
  return Array.from({ length: 14 }, (_, l) => mask.slice(l * 24, (l + 1) * 24).reduce((a, b) => a + b, 0));
}

describe('dataMask', () => {
  it.each<[Partial<DmrsConfig>, number]>([
    [{ cdmGroupsWithoutData: 1 }, 12],
    [{ cdmGroupsWithoutData: 2 }, 0],
    [{ configType: 2, cdmGroupsWithoutData: 1 }, 16],
    [{ configType: 2, cdmGroupsWithoutData: 2 }, 8],
    [{ configType: 2, cdmGroupsWithoutData: 3 }, 0],
  ])('leaves the data REs of the DMRS symbol: %j', (change, left) => {
    const dmrs = config(change);
    const mask = dataMask(dmrsGrid(dmrs, SHAPE), SHAPE, dmrs);
    expect(dataPerSymbol(mask)).toEqual(Array.from({ length: 14 }, (_, l) => (l === 2 ? left : 24)));
  });

  it('excludes the pilots only when they come raw', () => {
    const pilots = dmrsGrid(config({}), SHAPE);
    const mask = dataMask(pilots, SHAPE);
    for (let re = 0; re < mask.length; re++) expect(mask[re]).toBe(pilots[re] === 0 ? 1 : 0);
  });

  it('sees a pilot that is purely imaginary', () => {
    const pilots = new Float32Array(2 * 14 * 24);
    pilots[14 * 24 + 5] = 1;
    expect(dataMask(pilots, SHAPE)[5]).toBe(0);
  });

  it('excludes a pilot outside the reserved groups', () => {
    const dmrs = config({ port: 2, cdmGroupsWithoutData: 2 });
    const mask = dataMask(dmrsGrid(dmrs, SHAPE), SHAPE, { configType: 1, cdmGroupsWithoutData: 0 });
    expect(dataPerSymbol(mask)[2]).toBe(12);
  });

  it('refuses wrong lengths and group counts', () => {
    expect(() => dataMask(new Float32Array(10), SHAPE)).toThrow('dmrs: expected 2 x 14 x 24 = 672 values');
    const reserved = { configType: 1, cdmGroupsWithoutData: 3 } as const;
    expect(() => dataMask(new Float32Array(672), SHAPE, reserved)).toThrow('cdmGroupsWithoutData');
  });
});

describe('codewordOrder', () => {
  it('runs over subcarriers first, then over symbols', () => {
    const mask = Uint8Array.from([0, 1, 1, 1, 0, 0, 0, 0, 1]);
    expect([...codewordOrder(mask)]).toEqual([1, 2, 3, 8]);
  });

  it('counts G of a whole slot', () => {
    const dmrs = config({ symbolPositions: [2, 11], cdmGroupsWithoutData: 1 });
    expect(codewordOrder(dataMask(dmrsGrid(dmrs, SHAPE), SHAPE, dmrs)).length).toBe(12 * 24 + 2 * 12);
  });
});
