/** The conventional receivers that the network is measured against. */
import type { ChannelStatistics } from '../channel-statistics.js';
import type { ReceivedSlot, Slot } from '../slot.js';
import { combine } from './combine.js';
import { type DemapMethod, demap } from './demapper.js';
import type { EdgeRule } from './interpolation.js';
import { lmmseChannel } from './lmmse-channel.js';
import { lsChannel } from './ls-channel.js';

export interface ReceiverOptions {
  /** Default `exact`. */
  readonly demapper?: DemapMethod;
  /** Default `nearest`. */
  readonly edge?: EdgeRule;
  /** Where they are known, the estimate is taken for what it is worth; otherwise only its noise is counted. */
  readonly statistics?: ChannelStatistics;
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
  const { channel, errorVariance } = lsChannel(slot, options);
  return demap(combine(slot, channel, errorVariance), slot.modulation, options.demapper);
}

/**
 * LMMSE channel estimation with the statistics that the channel was drawn from, LMMSE combining with the true
 * N0 and the estimate's error variance, exact demapping.
 * @returns LLRs `[G]` float32 in codeword order.
 * @throws INVALID_ARGUMENT when the pilots are not regular, see {@link lmmseChannel}.
 */
export function lmmseReceiver(
  slot: ReceivedSlot,
  statistics: ChannelStatistics,
  options: Pick<ReceiverOptions, 'demapper'> = {},
): Float32Array<ArrayBuffer> {
  const { channel, errorVariance } = lmmseChannel(slot, statistics);
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
