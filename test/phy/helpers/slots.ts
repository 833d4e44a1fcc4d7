import type { DmrsConfig } from '#nr/dmrs.js';
import type { SlotConfig } from '#phy/slot.js';

export const DMRS: DmrsConfig = {
  configType: 1,
  symbolPositions: [2, 11],
  nId: 42,
  nScid: 0,
  slot: 7,
  cdmGroupsWithoutData: 2,
};

/** QPSK, 2 antennas, 4 PRB, TDL-A 100 ns, 100 Hz, 10 dB, unless told. */
export function slotConfig(change: Partial<SlotConfig> = {}): SlotConfig {
  return {
    modulation: 'QPSK',
    nRx: 2,
    nPrb: 4,
    snrDb: 10,
    channel: { profile: 'TDL-A', delaySpreadSeconds: 100e-9, dopplerHz: 100 },
    dmrs: DMRS,
    ...change,
  };
}
