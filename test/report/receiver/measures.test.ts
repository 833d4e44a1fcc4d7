import { describe, it } from 'vitest';
import { farthestSymbol } from '#report/receiver/channel-figures.js';
import { gridRms, magnitudes, relativeErrorDb } from '#report/receiver/channel.js';
import { errorVectorMagnitude, matchedFilter, rawSymbols } from '#report/receiver/constellation.js';
import { errorsPerSymbol } from '#report/receiver/errors.js';
import { onGrid } from '#report/receiver/grid-maps.js';
import { ofBit } from '#report/receiver/llrs.js';
import { percent, wrongBits } from '#report/receiver/receivers.js';
import type { ReceivedSlot } from '#phy/slot.js';
import { expect } from '../../support/matchers.js';

const floats = (...values: number[]) => Float32Array.from(values);

/** Two antennas, one symbol of two subcarriers, the second one a pilot. */
const SLOT: ReceivedSlot = {
  shape: { nRx: 2, nSym: 1, nSc: 2 },
  rxGrid: floats(3, 9, 4, 9, 0, 9, 2, 9),
  dmrs: floats(0, 1, 0, 0),
  dataMask: Uint8Array.of(1, 0),
  noiseVariance: 0.1,
  modulation: 'QPSK',
};

describe('measures of a slot', () => {
  it('take a bit of every symbol, and put values back onto the grid', () => {
    expect([...ofBit(floats(1, 2, 3, 4, 5, 6), 1, 3)]).toEqual([2, 5]);
    expect([...onGrid([7, 8], Int32Array.of(0, 2), 3)]).toEqual([7, Number.NaN, 8]);
  });

  it('call an LLR wrong by its sign, 0 being for 0', () => {
    const wrong = wrongBits(floats(1, -1, 0, 0, -3, 2), Uint8Array.of(0, 0, 0, 1, 1, 1));
    expect([...wrong]).toEqual([0, 1, 0, 1, 0, 1]);
    expect([...errorsPerSymbol(wrong, 2)]).toEqual([1, 1, 1]);
    expect([...errorsPerSymbol(wrong, 3)]).toEqual([1, 2]);
  });

  it('write shares', () => {
    expect([0, 0.0312, 0.5, 0.00004].map(percent)).toEqual(['0 %', '3.1 %', '50 %', '4.0e-5']);
  });

  it('compare channels', () => {
    expect(gridRms(floats(3, 4))).toBeCloseTo(5, 12);
    expect([...magnitudes(floats(9, 9, 9, 9, 3, 0, 4, 2), 1, 2)]).toEqual([5, 2]);
    // An error of a tenth of the channel: −20 dB.
    expect(relativeErrorDb(floats(1.1, 0, 0, 2.2), floats(1, 0, 0, 2))).toBeCloseTo(-20, 5);
    expect(farthestSymbol([2], 14)).toBe(13);
    expect(farthestSymbol([2, 11], 14)).toBe(6);
  });

  it('turn a cloud by the channel', () => {
    expect([...rawSymbols(SLOT)]).toEqual([3, 4]);
    // h = (1, 2j): ĥ*y = (3 + 4j) + (−2j)(2j) = 7 + 4j over √5.
    const filtered = matchedFilter(SLOT, floats(1, 0, 0, 0, 0, 0, 2, 0));
    expect(filtered).toBeAllClose([7 / Math.sqrt(5), 4 / Math.sqrt(5)], { absolute: 1e-6 });
    // One of two symbols is off by 0.3 + 0.4j: √(0.25/2).
    expect(errorVectorMagnitude(floats(1, 0.3, 0, 1.4), floats(1, 0, 0, 1))).toBeCloseTo(Math.sqrt(0.125), 6);
  });
});
