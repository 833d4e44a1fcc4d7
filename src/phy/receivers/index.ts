/** The conventional receivers that the network is measured against. */
import type { ReceivedSlot, Slot } from '../slot.js';
import { combine } from './combine.js';
import { type DemapMethod, demap } from './demapper.js';
import { type EdgeRule, lsChannel } from './ls-channel.js';

export interface ReceiverOptions {
  /** Default `exact`. */
  readonly demapper?: DemapMethod;
  /** Default `nearest`. */
  readonly edge?: EdgeRule;
}

/**
 * LS channel estimation with linear interpolation, LMMSE combining with the true N0 and the estimate's
 * error variance, exact demapping.
 * @returns LLRs `[G]` float32 in codeword order.
 */
export function lsLmmseReceiver(
  slot: ReceivedSlot,
  options: ReceiverOptions = {},
): Float32Array<ArrayBuffer> {
  const { channel, errorVariance } = lsChannel(slot, options.edge);
  return demap(combine(slot, channel, errorVariance), slot.modulation, options.demapper);
}

/**
 * The bound: LMMSE combining with the true channel and the true N0, exact demapping.
 * @returns LLRs `[G]` float32 in codeword order.
 */
export function perfectCsiReceiver(
  slot: ReceivedSlot & Pick<Slot, 'channel'>,
  options: Pick<ReceiverOptions, 'demapper'> = {},
): Float32Array<ArrayBuffer> {
  return demap(combine(slot, slot.channel), slot.modulation, options.demapper);
}
