/** The link under test: transport block ▸ LDPC ▸ slot ▸ any receiver ▸ LDPC ▸ CRC. */
import type { Modulation } from '../nr/qam.js';
import {
  type CodedTransmission,
  decodeTransportBlock,
  encodeTransportBlock,
  largestMcs,
  type McsEntry,
  type McsTable,
  mcsEntry,
} from '../phy/coding/index.js';
import type { Random } from '../phy/random.js';
import { type Slot, simulateSlot } from '../phy/slot.js';
import { slotTransmission } from '../phy/slot-transmission.js';
import { drawSlotConfig } from '../train/data.js';
import type { EvaluationCase } from './cases.js';

export interface LinkConfig {
  readonly modulation: Modulation;
  readonly nRx: number;
  /** Modulation and code rate of the transport blocks. Left out: random bits, no code. */
  readonly mcs?: McsEntry;
}

/** A slot and, on a coded link, the transport block in it. */
export interface LinkSlot {
  readonly slot: Slot;
  readonly transmission?: CodedTransmission;
}

/** The MCS of a modulation whose code rate is nearest to 1/2, from table 1 (256QAM: from table 2). */
export function halfRateMcs(modulation: Modulation): { readonly table: McsTable; readonly index: number } {
  const table = modulation === '256QAM' ? 2 : 1;
  const distance = (index: number) => Math.abs(mcsEntry(table, index).targetCodeRate - 0.5);
  const index = Array.from({ length: largestMcs(table) + 1 }, (_, i) => i)
    .filter((i) => mcsEntry(table, i).modulation === modulation)
    .reduce((best, i) => (distance(i) < distance(best) ? i : best));
  return { table, index };
}

/**
 * Draws one slot of a case. Channel and noise are the same with and without a code.
 * @param random a stream for this slot alone.
 */
export function drawLinkSlot(
  evaluation: EvaluationCase,
  snrDb: number,
  { modulation, nRx, mcs }: LinkConfig,
  random: Random,
): LinkSlot {
  const { scenario } = evaluation;
  const nPrb = scenario.nPrb[random.integer(scenario.nPrb.length)] as number;
  const fixed = { ...scenario, snrDb: [snrDb, snrDb] as [number, number] };
  const drawn = drawSlotConfig(fixed, { modulation, nRx, nPrb }, random);
  const config = { ...drawn, channel: evaluation.channel ?? drawn.channel };
  if (mcs === undefined) return { slot: simulateSlot(config, random) };
  const scrambling = random.fork('scrambling');
  const transmission = slotTransmission(config, mcs, {
    rnti: scrambling.integer(65_536),
    nId: scrambling.integer(1024),
  });
  const payload = random.fork('payload').bits(transmission.transportBlockSize);
  return { slot: simulateSlot(config, random, encodeTransportBlock(payload, transmission)), transmission };
}

/** Whether parity checks and CRCs of the block in `llrs` `[G]` fail. */
export function isBlockError(llrs: Float32Array, transmission: CodedTransmission): boolean {
  return !decodeTransportBlock(llrs, transmission).crcOk;
}
