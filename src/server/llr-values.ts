import type { LlrDatatype, LlrResult } from '../engine/types.js';
import { decodeFloat16 } from '../float16.js';

/** LLRs of an answer as numbers, in their order there. */
export function llrValues(datatype: LlrDatatype, bytes: LlrResult['llr']['bytes']): number[] {
  const { buffer, byteOffset, byteLength } = bytes;
  switch (datatype) {
    case 'f32':
      return [...new Float32Array(buffer, byteOffset, byteLength / 4)];
    case 'f16':
      return Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2), decodeFloat16);
    case 'i8':
      return [...new Int8Array(buffer, byteOffset, byteLength)];
    default:
      return datatype satisfies never;
  }
}
