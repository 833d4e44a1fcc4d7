/** Largest finite IEEE 754 binary16 value. */
export const FLOAT16_MAX = 65504;

const MAX_BITS = 0x7bff;
const QUIET_NAN = 0x7e00;

/**
 * Converts float32 values to IEEE 754 binary16 bit patterns: round to nearest, ties to even, subnormals
 * kept. Values beyond ±65504, infinities included, saturate there: an LLR that is merely very sure must
 * not become an infinity that poisons a decoder. NaN stays NaN.
 *
 * @param values `[n]` float32
 * @param out `[n]` uint16, receives the bit patterns
 */
export function encodeFloat16(values: Float32Array, out: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halfShift = new Float32Array(1);
  const halfShiftBits = new Uint32Array(halfShift.buffer);
  for (let i = 0; i < bits.length; i += 1) {
    const word = bits[i] as number;
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    if (magnitude >= 0x38800000) {
      out[i] = sign | encodeNormal(magnitude);
    } else {
      // Below 2⁻¹⁴. Added to 0.5, whose last place is 2⁻²⁴ (one binary16 subnormal step), the float32
      // adder does the rounding.
      halfShift[0] = Math.abs(values[i] as number) + 0.5;
      out[i] = sign | ((halfShiftBits[0] as number) - 0x3f000000);
    }
  }
}

/** `magnitude`: bits of |x| as float32, at least 2⁻¹⁴. */
function encodeNormal(magnitude: number): number {
  if (magnitude > 0x7f800000) return QUIET_NAN;
  if (magnitude >= 0x477fe000) return MAX_BITS; // 65504 and beyond
  const tieToEven = (magnitude >>> 13) & 1;
  return (magnitude - 0x38000000 + 0xfff + tieToEven) >>> 13; // 0x38000000: exponent bias 127 → 15
}

/** Value of one binary16 bit pattern. */
export function decodeFloat16(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
