/**
 * Seeded random numbers: xoshiro128** (Blackman, Vigna), keyed through a 32-bit mixing hash, with
 * independent streams by label. Nothing here is shared or global.
 */
import { invalid } from '../errors.js';

/** 32-bit finaliser of MurmurHash3. */
function mix(x: number): number {
  let h = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

type Key = readonly [number, number, number, number];

/** Absorbs one 32-bit word into a 128-bit key. */
function absorb(key: Key, word: number): Key {
  const a = mix(key[0] ^ Math.imul(word, 0x9e3779b1));
  const b = mix(key[1] ^ Math.imul(word, 0x85ebca77) ^ a);
  const c = mix(key[2] ^ Math.imul(word, 0xc2b2ae3d) ^ b);
  const d = mix(key[3] ^ Math.imul(word, 0x27d4eb2f) ^ c);
  return [mix((a + d) | 0), mix((b + a) | 0), mix((c + b) | 0), mix((d + c) | 0)];
}

function absorbLabel(key: Key, label: number | string): Key {
  if (typeof label === 'number') {
    if (!Number.isSafeInteger(label)) throw invalid('label', 'a safe integer or a string', String(label));
    return absorb(absorb(absorb(key, 1), label | 0), Math.floor(label / 2 ** 32));
  }
  let out = absorb(absorb(key, 2), label.length);
  for (let i = 0; i < label.length; i++) out = absorb(out, label.charCodeAt(i));
  return out;
}

const ROOT: Key = [0x243f6a88, 0x85a308d3 | 0, 0x13198a2e, 0x03707344];

export class Random {
  readonly #key: Key;
  #a: number;
  #b: number;
  #c: number;
  #d: number;
  /** Second value of the last Gaussian pair, NaN when used up. */
  #spare = Number.NaN;

  private constructor(key: Key) {
    this.#key = key;
    const state = absorb(key, 0x5eed);
    this.#a = state[0];
    this.#b = state[1];
    this.#c = state[2];
    this.#d = state[3] | 1; // never the all-zero state
  }

  /** A generator for a seed: a safe integer or a string. */
  static fromSeed(seed: number | string): Random {
    return new Random(absorbLabel(ROOT, seed));
  }

  /** An independent stream. It depends on the seed and the label only, not on what was drawn before. */
  fork(label: number | string): Random {
    return new Random(absorbLabel(this.#key, label));
  }

  /** 32 random bits as a signed integer. */
  int32(): number {
    const b = this.#b;
    const scrambled = Math.imul(b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const c = this.#c ^ this.#a;
    const d = this.#d ^ b;
    this.#b = b ^ c;
    this.#a ^= d;
    this.#c = c ^ (b << 9);
    this.#d = (d << 11) | (d >>> 21);
    return result;
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    const high = this.int32() >>> 5;
    const low = this.int32() >>> 6;
    return (high * 0x400_0000 + low) * 2 ** -53;
  }

  /** Uniform integer in [0, n), unbiased; 1 ≤ n ≤ 2³². */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw invalid('n', 'an integer from 1 to 2^32', String(n));
    }
    const limit = 2 ** 32 - (2 ** 32 % n);
    let x = this.int32() >>> 0;
    while (x >= limit) x = this.int32() >>> 0;
    return x % n;
  }

  /** Standard Gaussian (polar method: the logarithm's argument is in (0, 1)). */
  normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const spare = this.#spare;
      this.#spare = Number.NaN;
      return spare;
    }
    let x = 0;
    let y = 0;
    let s = 0;
    do {
      x = this.int32() * 2 ** -31;
      y = this.int32() * 2 ** -31;
      s = x * x + y * y;
    } while (s >= 1 || s === 0);
    const factor = Math.sqrt((-2 * Math.log(s)) / s);
    this.#spare = y * factor;
    return x * factor;
  }

  /** `n` fair bits, one per byte. */
  bits(n: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(n);
    for (let i = 0; i < n; ) {
      let word = this.int32();
      const end = Math.min(n, i + 32);
      for (; i < end; i++, word >>>= 1) out[i] = word & 1;
    }
    return out;
  }
}
