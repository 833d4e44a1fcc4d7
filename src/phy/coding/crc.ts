/** Cyclic redundancy checks of TS 38.212 §5.1: systematic, register initially zero, no final inversion. */
import { invalid } from '../../errors.js';

export const CRC_NAMES = ['CRC24A', 'CRC24B', 'CRC24C', 'CRC16'] as const;
export type CrcName = (typeof CRC_NAMES)[number];

interface CrcDefinition {
  /** L: number of parity bits. */
  readonly length: number;
  /** Generator polynomial without its leading term, D^(L−1) as the most significant bit. */
  readonly polynomial: number;
}

/** Generator polynomials gCRC24A, gCRC24B, gCRC24C and gCRC16 of §5.1. */
const DEFINITIONS: Readonly<Record<CrcName, CrcDefinition>> = {
  CRC24A: { length: 24, polynomial: 0x864cfb },
  CRC24B: { length: 24, polynomial: 0x800063 },
  CRC24C: { length: 24, polynomial: 0xb2b117 },
  CRC16: { length: 16, polynomial: 0x1021 },
};

/** What a register's leading byte adds to the register after eight shifts, `[256]`. */
function byteTable({ length, polynomial }: CrcDefinition): Int32Array {
  const mask = 2 ** length - 1;
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let register = byte << (length - 8);
    for (let i = 0; i < 8; i++) {
      const carry = (register >>> (length - 1)) & 1;
      register = ((register << 1) & mask) ^ (carry === 1 ? polynomial : 0);
    }
    return register;
  });
}

const TABLES: Readonly<Record<CrcName, Int32Array>> = {
  CRC24A: byteTable(DEFINITIONS.CRC24A),
  CRC24B: byteTable(DEFINITIONS.CRC24B),
  CRC24C: byteTable(DEFINITIONS.CRC24C),
  CRC16: byteTable(DEFINITIONS.CRC16),
};

/** L: number of parity bits, 16 or 24. */
export function crcLength(name: CrcName): number {
  return DEFINITIONS[name].length;
}

/**
 * The parity bits p0 … p(L−1) as a number with p0 as its most significant bit.
 * @param bits one bit a byte, a0 first.
 */
export function crc(bits: Uint8Array, name: CrcName): number {
  const { length, polynomial } = DEFINITIONS[name];
  const table = TABLES[name];
  const mask = 2 ** length - 1;
  const whole = bits.length & ~7;
  let register = 0;
  for (let i = 0; i < whole; i += 8) {
    let byte = 0;
    for (let b = i; b < i + 8; b++) byte = (byte << 1) | (bits[b] as number);
    register = ((register << 8) & mask) ^ (table[(register >>> (length - 8)) ^ byte] as number);
  }
  for (let i = whole; i < bits.length; i++) {
    const carry = (register >>> (length - 1)) ^ (bits[i] as number);
    register = ((register << 1) & mask) ^ (carry === 1 ? polynomial : 0);
  }
  return register;
}

/** Copies `bits` into `out` at `at` and writes the L parity bits behind them. */
export function writeWithCrc(bits: Uint8Array, name: CrcName, out: Uint8Array, at = 0): void {
  const length = crcLength(name);
  if (at + bits.length + length > out.length) {
    throw invalid('out', `at least ${at + bits.length + length} bits`, `${out.length} bits`);
  }
  out.set(bits, at);
  const parity = crc(bits, name);
  const end = at + bits.length;
  for (let i = 0; i < length; i++) out[end + i] = (parity >>> (length - 1 - i)) & 1;
}

/** Whether `bits`, parity included, leaves no remainder. An all-zero word does. */
export function crcMatches(bits: Uint8Array, name: CrcName): boolean {
  return crc(bits, name) === 0;
}
