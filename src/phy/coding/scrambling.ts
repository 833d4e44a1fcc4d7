/** Scrambling of a codeword, TS 38.211 §7.3.1.1. */
import { goldSequence } from '../../nr/gold.js';
import { requireInteger } from '../../nr/shape.js';

export interface ScramblingConfig {
  /** n_RNTI, 0 … 65535. */
  readonly rnti: number;
  /** n_ID: dataScramblingIdentityPDSCH (0 … 1023) or the cell identity (0 … 1007). */
  readonly nId: number;
  /** q: 0, or 1 for the second codeword. Default 0. */
  readonly codeword?: 0 | 1;
}

/** `c_init = n_RNTI·2¹⁵ + q·2¹⁴ + n_ID`; the sequence c(0) … c(length−1). */
export function scramblingSequence(config: ScramblingConfig, length: number): Uint8Array<ArrayBuffer> {
  const { rnti, nId, codeword = 0 } = config;
  requireInteger('rnti', rnti, 0, 65_535);
  requireInteger('nId', nId, 0, 1023);
  requireInteger('codeword', codeword, 0, 1);
  return goldSequence(rnti * 2 ** 15 + codeword * 2 ** 14 + nId, length);
}

/** `b ⊕ c`, in place: its own inverse. */
export function scramble(bits: Uint8Array, config: ScramblingConfig): void {
  const sequence = scramblingSequence(config, bits.length);
  for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] as number) ^ (sequence[i] as number);
}
