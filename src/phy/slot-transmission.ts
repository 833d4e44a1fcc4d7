import { bitsPerSymbol } from '../nr/qam.js';
import { type CodedTransmission, type McsEntry, transportBlockSize } from './coding/index.js';
import { dataReCount, type SlotConfig } from './slot.js';

/**
 * The transport block that fills a slot's data resource elements, redundancy version 0, one layer.
 * @param scrambling RNTI and N_ID of TS 38.211 §7.3.1.1.
 */
export function slotTransmission(
  config: SlotConfig,
  mcs: McsEntry,
  scrambling: Pick<CodedTransmission, 'rnti' | 'nId'>,
): CodedTransmission {
  const dataRes = dataReCount(config);
  return {
    ...mcs,
    // TS 38.214 §5.1.3.2: at most 156 REs of a resource block count.
    transportBlockSize: transportBlockSize(Math.min(156 * config.nPrb, dataRes), mcs),
    codedBits: dataRes * bitsPerSymbol(config.modulation),
    ...scrambling,
  };
}
