import { expect, it } from 'vitest';
import { mcsEntry, transportBlockSize } from '#phy/coding/index.js';
import { slotTransmission } from '#phy/slot-transmission.js';
import { DMRS, slotConfig } from './helpers/slots.js';

const MCS = mcsEntry(1, 7);
const SCRAMBLING = { rnti: 17, nId: 4 };

it('counts at most 156 resource elements of a resource block for the size, and all of them for the coded bits', () => {
  const sparse = slotConfig({
    nPrb: 4,
    dmrs: { ...DMRS, configType: 1, symbolPositions: [2], cdmGroupsWithoutData: 1 },
  });
  // 14 symbols of 12 subcarriers without 6 pilots: 162 a resource block.
  expect(slotTransmission(sparse, MCS, SCRAMBLING)).toMatchObject({
    ...SCRAMBLING,
    transportBlockSize: transportBlockSize(4 * 156, MCS),
    codedBits: 4 * 162 * 2,
  });
  const dense = slotConfig({
    nPrb: 4,
    dmrs: { ...DMRS, configType: 1, symbolPositions: [2, 11], cdmGroupsWithoutData: 2 },
  });
  expect(slotTransmission(dense, MCS, SCRAMBLING)).toMatchObject({
    transportBlockSize: transportBlockSize(4 * 144, MCS),
    codedBits: 4 * 144 * 2,
  });
});
