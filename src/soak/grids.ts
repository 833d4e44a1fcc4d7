import { type ClientGrid, interleave, planarGrid } from '../client/index.js';
import type { DmrsConfig } from '../nr/dmrs.js';
import { Random } from '../phy/random.js';
import { simulateSlot } from '../phy/slot.js';

export interface GridMix {
  /** Widths in resource blocks, each as often as the others. */
  readonly prbs: readonly number[];
  readonly nRx: number;
  readonly seed: number;
}

const DMRS: DmrsConfig = {
  configType: 1,
  symbolPositions: [2, 11],
  nId: 1,
  nScid: 0,
  slot: 0,
  cdmGroupsWithoutData: 2,
};

/** Widths from 1 to `most` resource blocks, a factor apart: many narrow ones and a few wide. */
export function widths(most: number, count = 9): number[] {
  const steps = Array.from({ length: count }, (_, i) => Math.round(most ** (i / (count - 1))));
  return [...new Set(steps)];
}

/** Simulated QPSK slots of all widths; of each width one brings its pilots, the other a configuration. */
export function drawGrids({ prbs, nRx, seed }: GridMix): ClientGrid[] {
  const streams = Random.fromSeed(seed).fork('soak');
  const channel = { profile: 'TDL-C', delaySpreadSeconds: 100e-9, dopplerHz: 100 } as const;
  return prbs.flatMap((nPrb) => {
    const settings = { modulation: 'QPSK', nRx, nSym: 14, nPrb, snrDb: 8, channel, dmrs: DMRS } as const;
    const draw = (what: string) => simulateSlot(settings, streams.fork(`${nPrb} ${what}`));
    const [first, second] = [draw('tensor'), draw('config')];
    const { nSym, nSc } = first.shape;
    const data = interleave(first.dmrs, nSym * nSc);
    const tensor = { datatype: 'cf32_le', shape: [nSym, nSc], data, cdmGroupsWithoutData: 2 } as const;
    return [
      { ...planarGrid(`${nPrb}`, { ...first, dmrs: DMRS }), dmrs: tensor },
      planarGrid(`${nPrb}`, { ...second, dmrs: DMRS }),
    ];
  });
}
