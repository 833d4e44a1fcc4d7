import { type ClientGrid, planarGrid } from '../client/index.js';
import type { DmrsConfig } from '../nr/dmrs.js';
import { Random } from '../phy/random.js';
import { simulateSlot } from '../phy/slot.js';
import type { LoadTarget } from './load.js';

const DMRS: DmrsConfig = {
  configType: 1,
  symbolPositions: [2, 11],
  nId: 1,
  nScid: 0,
  slot: 0,
  cdmGroupsWithoutData: 2,
};

/** QPSK slots of a TDL-C channel with DMRS in two symbols, all alike in form, so that REST can pack them. */
export function drawBenchGrids(
  { nRx, shape, seed }: Pick<LoadTarget, 'nRx' | 'shape' | 'seed'>,
  count: number,
): ClientGrid[] {
  const streams = Random.fromSeed(seed).fork('bench');
  return Array.from({ length: count }, (_, i) => {
    const slot = simulateSlot(
      {
        modulation: 'QPSK',
        nRx,
        nSym: shape.nSym,
        nPrb: shape.nSc / 12,
        snrDb: 8,
        channel: { profile: 'TDL-C', delaySpreadSeconds: 100e-9, dopplerHz: 100 },
        dmrs: DMRS,
      },
      streams.fork(i),
    );
    return planarGrid(String(i), { ...slot, dmrs: DMRS });
  });
}
