/** Slots as the playground looks at them: simulated, with the truth, or out of a file. */
import type { DumpedSlot } from '../../dumps/dumped-slot.js';
import type { OaiBundle } from '../../dumps/oai/bundle.js';
import { transmissionOf } from '../../dumps/oai/ldpc-config.js';
import type { DmrsConfig } from '../../nr/dmrs.js';
import { encodeTransportBlock } from '../../phy/coding/index.js';
import { Random } from '../../phy/random.js';
import { combine, type Equalised } from '../../phy/receivers/combine.js';
import { demap } from '../../phy/receivers/demapper.js';
import { lsChannel } from '../../phy/receivers/ls-channel.js';
import { type ReceivedSlot, simulateSlot, slotStatistics } from '../../phy/slot.js';
import type { Setup } from './setup.js';

/** What another receiver makes of the slot. */
export interface Comparison {
  readonly receiver: 'ls-lmmse' | 'perfect-csi' | 'dump';
  /** `[G]` in codeword order. */
  readonly llrs: Float32Array<ArrayBuffer>;
  /** `[2, n]` equalised data symbols; none of LLRs that a dump brought. */
  readonly symbols?: Float32Array<ArrayBuffer>;
}

/** Made in the worker, and shown by the page. */
export interface PlaySlot extends ReceivedSlot {
  readonly name: string;
  readonly dmrsConfig: DmrsConfig;
  /** Of the simulation, or the estimate from the pilots, dB. */
  readonly snrDb: number;
  /** `[G]` as sent, in codeword order, where they are known. */
  readonly bits?: Uint8Array<ArrayBuffer>;
  readonly comparisons: readonly Comparison[];
}

function comparison(
  receiver: Comparison['receiver'],
  { modulation }: ReceivedSlot,
  equalised: Equalised,
): Comparison {
  return { receiver, llrs: demap(equalised, modulation), symbols: equalised.symbols };
}

/**
 * The slot of `spikingrx simulate` and of a report with the same values. Channel, noise and bits follow from the seed
 * alone: along an SNR that is dragged they stay, the noise scaled.
 */
export function simulatedSlot({ config, seed }: Setup): PlaySlot {
  const slot = simulateSlot(config, Random.fromSeed(seed).fork('simulate'));
  const { channel, errorVariance } = lsChannel(slot, { statistics: slotStatistics(slot) });
  return {
    ...received(slot),
    bits: slot.bits,
    name: `seed ${seed}`,
    dmrsConfig: config.dmrs,
    snrDb: config.snrDb,
    comparisons: [
      comparison('ls-lmmse', slot, combine(slot, channel, errorVariance)),
      comparison('perfect-csi', slot, combine(slot, slot.channel)),
    ],
  };
}

type Received = Pick<PlaySlot, 'shape' | 'rxGrid' | 'dmrs' | 'dataMask' | 'noiseVariance' | 'modulation'>;

/** What goes to the page of any slot: it leaves the worker, so nothing more than is shown. */
function received({ shape, rxGrid, dmrs, dataMask, noiseVariance, modulation }: Received): Received {
  return { shape, rxGrid, dmrs, dataMask, noiseVariance, modulation };
}

/** A slot of a file beside what the file says about it; LS without statistics, which no file has. */
export function dumpedSlot(slot: DumpedSlot, bundle?: OaiBundle): PlaySlot {
  const { name, snrDb, config } = slot;
  const { channel, errorVariance } = lsChannel(slot);
  const own: Comparison[] = bundle?.llrs ? [{ receiver: 'dump', llrs: bundle.llrs }] : [];
  const bits = bundle && sentBits(bundle);
  return {
    ...received(slot),
    name,
    snrDb,
    dmrsConfig: config.dmrs,
    ...(bits && { bits }),
    comparisons: [comparison('ls-lmmse', slot, combine(slot, channel, errorVariance)), ...own],
  };
}

/** The coded bits of the transport block. */
function sentBits({ payload, pdsch, ldpc }: OaiBundle): Uint8Array<ArrayBuffer> | undefined {
  return payload && encodeTransportBlock(payload, transmissionOf(pdsch, ldpc));
}
