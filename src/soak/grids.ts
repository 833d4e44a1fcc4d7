import { LOAD_DMRS, loadSlot } from '../bench/grids.js';
import { type ClientGrid, interleave, planarGrid } from '../client/index.js';
import { Random } from '../phy/random.js';

export interface GridMix {
  /** Widths in resource blocks, each as often as the others. */
  readonly prbs: readonly number[];
  readonly nRx: number;
  readonly seed: number;
}

/** Widths from 1 to `most` resource blocks, a factor apart: many narrow ones and a few wide. */
export function widths(most: number, count = 9): number[] {
  const steps = Array.from({ length: count }, (_, i) => Math.round(most ** (i / (count - 1))));
  return [...new Set(steps)];
}

/** Simulated QPSK slots of all widths; of each width one brings its pilots, the other a configuration. */
export function drawGrids({ prbs, nRx, seed }: GridMix): ClientGrid[] {
  const streams = Random.fromSeed(seed).fork('soak');
  return prbs.flatMap((nPrb) => {
    const draw = (what: string) => loadSlot({ nRx, nSym: 14, nPrb }, streams.fork(`${nPrb} ${what}`));
    const [first, second] = [draw('tensor'), draw('config')];
    const { nSym, nSc } = first.shape;
    const data = interleave(first.dmrs, nSym * nSc);
    const tensor = { datatype: 'cf32_le', shape: [nSym, nSc], data, cdmGroupsWithoutData: 2 } as const;
    return [
      { ...planarGrid(`${nPrb}`, { ...first, dmrs: LOAD_DMRS }), dmrs: tensor },
      planarGrid(`${nPrb}`, { ...second, dmrs: LOAD_DMRS }),
    ];
  });
}
