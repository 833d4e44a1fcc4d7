/** What a set of LLRs is worth: the transport block that our LDPC decoder makes of it. */
import { bitErrors } from '../phy/metrics.js';
import { type CodedTransmission, decodeTransportBlock, encodeTransportBlock } from '../phy/coding/index.js';

export interface BlockResult {
  /** Whether all parity checks and CRCs hold. */
  readonly crcOk: boolean;
  /** Code blocks whose parity checks and CRC hold, and how many there are. */
  readonly codeBlocksOk: number;
  readonly codeBlocks: number;
  readonly iterations: number;
  /** Bits of the transport block that differ from the one sent, where it is known. */
  readonly bitErrors?: number;
  /** LLRs with the wrong sign, of the G, before decoding; where the block is known. */
  readonly llrErrors?: number;
}

/**
 * @param llrs `[G]` in codeword order, before descrambling, positive = 0; their scale is free.
 * @param payload `[A]`, the block sent, where it is known.
 */
export function decodeBlock(
  llrs: Float32Array,
  transmission: CodedTransmission,
  payload?: Uint8Array,
): BlockResult {
  const { bits, crcOk, codeBlockOk, iterations } = decodeTransportBlock(llrs, transmission);
  const result = {
    crcOk,
    codeBlocksOk: codeBlockOk.filter(Boolean).length,
    codeBlocks: codeBlockOk.length,
    iterations,
  };
  if (payload === undefined) return result;
  const wrong = bits.reduce((count, bit, i) => count + (bit === payload[i] ? 0 : 1), 0);
  const sent = encodeTransportBlock(payload, transmission);
  return { ...result, bitErrors: wrong, llrErrors: bitErrors(llrs, sent) };
}
