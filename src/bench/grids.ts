import { type ClientGrid, planarGrid } from '../client/index.js';
import type { DmrsConfig } from '../nr/dmrs.js';
import { Random } from '../phy/random.js';
import { simulateSlot } from '../phy/slot.js';
import type { LoadTarget } from './load.js';

/** Two symbols that hold nothing but pilots. */
export const LOAD_DMRS: DmrsConfig = {
  configType: 1,
  symbolPositions: [2, 11],
  nId: 1,
  nScid: 0,
  slot: 0,
  cdmGroupsWithoutData: 2,
};

/** A QPSK slot of a TDL-C channel, as the loads of benches and soaks are made of. */
export function loadSlot(
  size: { readonly nRx: number; readonly nSym: number; readonly nPrb: number },
  random: Random,
) {
  const channel = { profile: 'TDL-C', delaySpreadSeconds: 100e-9, dopplerHz: 100 } as const;
  return simulateSlot({ ...size, modulation: 'QPSK', snrDb: 8, channel, dmrs: LOAD_DMRS }, random);
}

/** Slots all alike in form, so that REST can pack them. */
export function drawBenchGrids(
  { nRx, shape, seed }: Pick<LoadTarget, 'nRx' | 'shape' | 'seed'>,
  count: number,
): ClientGrid[] {
  const streams = Random.fromSeed(seed).fork('bench');
  const size = { nRx, nSym: shape.nSym, nPrb: shape.nSc / 12 };
  return Array.from({ length: count }, (_, i) =>
    planarGrid(String(i), { ...loadSlot(size, streams.fork(i)), dmrs: LOAD_DMRS }),
  );
}
