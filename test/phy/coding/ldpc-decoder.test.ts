import { describe, expect, it } from 'vitest';
import { LdpcDecoder } from '#phy/coding/ldpc-decoder.js';
import { encodeCodeBlock } from '#phy/coding/ldpc-encoder.js';
import { layerUpdate, MESSAGE_LIMIT } from '#phy/coding/ldpc-layer.js';
import { activeRows, ldpcSchedule } from '#phy/coding/ldpc-schedule.js';
import { codeBlockShape } from '#phy/coding/segmentation.js';
import { Random } from '#phy/random.js';
import { llrsOf } from './helpers/reference.js';

/** Normalised min-sum of one layer, edge by edge, as its definition reads. */
function plainLayer(
  variable: Uint16Array,
  posterior: Int32Array,
  messages: Int32Array,
  degree: number,
  scale: number,
): void {
  for (let c = 0; c < variable.length; c += degree) {
    const q = Array.from({ length: degree }, (_, e) => posterior[variable[c + e]!]! - messages[c + e]!);
    for (let e = 0; e < degree; e++) {
      const others = q.filter((_, i) => i !== e);
      const negative = others.filter((x) => x < 0).length % 2 === 1;
      const magnitude = Math.trunc(scale * Math.min(MESSAGE_LIMIT, ...others.map(Math.abs)));
      messages[c + e] = negative ? -magnitude : magnitude;
      posterior[variable[c + e]!] = q[e]! + messages[c + e]!;
    }
  }
}

describe('a layer', () => {
  it('equals the definition of normalised min-sum: ties, zeros and the limit included', () => {
    const rng = Random.fromSeed(4);
    for (let trial = 0; trial < 300; trial++) {
      const degree = 3 + rng.integer(17);
      const checks = 1 + rng.integer(5);
      const span = [5, 1000, 4 * MESSAGE_LIMIT][trial % 3]!;
      const variable = Uint16Array.from({ length: degree * checks }, (_, i) => i);
      const posterior = Int32Array.from(variable, () => rng.integer(span) - (span >> 1));
      const messages = Int32Array.from(variable, () => rng.integer(span) - (span >> 1));
      const expected = { posterior: posterior.slice(), messages: messages.slice() };
      plainLayer(variable, expected.posterior, expected.messages, degree, 0.75);
      layerUpdate(degree)({ variable, posterior, messages }, 0, variable.length, 0.75);
      expect({ posterior, messages }).toEqual(expected);
    }
  });
});

describe('the decoder', () => {
  it.each([
    [1, 309],
    [1, 1000],
    [1, 8448],
    [2, 40],
    [2, 600],
    [2, 3840],
  ] as const)(
    'base graph %i, K′ = %i: finds the block without noise, and with erasures',
    (graph, payloadBits) => {
      const shape = codeBlockShape(graph, payloadBits);
      const rng = Random.fromSeed(payloadBits);
      const block = new Uint8Array(shape.systematicBits);
      block.set(rng.bits(payloadBits));
      const coded = encodeCodeBlock(block, shape);
      const bits = new Uint8Array(shape.systematicBits);
      const decoder = new LdpcDecoder(shape);
      const clean = decoder.decode(llrsOf(coded), bits);
      expect(clean.parityOk).toBe(true);
      expect(clean.iterations).toBeLessThanOrEqual(3);
      expect(bits).toEqual(block);
      const erased = llrsOf(coded).map((llr) => (rng.uniform() < 0.35 ? 0 : llr));
      expect(decoder.decode(erased, bits).parityOk).toBe(true);
      expect(bits).toEqual(block);
    },
  );

  it('gives the same result whatever it decoded before and whatever the scale of the LLRs', () => {
    const shape = codeBlockShape(2, 500);
    const rng = Random.fromSeed(8);
    const decoder = new LdpcDecoder(shape);
    const bits = new Uint8Array(shape.systematicBits);
    const again = new Uint8Array(shape.systematicBits);
    for (let i = 0; i < 30; i++) {
      const block = new Uint8Array(shape.systematicBits);
      block.set(rng.bits(500));
      const noisy = llrsOf(encodeCodeBlock(block, shape), 1).map((llr) => llr + 1.75 * rng.normal());
      const first = decoder.decode(noisy, bits);
      expect(new LdpcDecoder(shape).decode(noisy, again)).toEqual(first);
      expect(again).toEqual(bits);
      // A power of two: float32 sums scale exactly.
      expect(
        decoder.decode(
          noisy.map((llr) => llr / 64),
          again,
        ),
      ).toEqual(first);
      expect(again).toEqual(bits);
    }
  });

  it('keeps weak LLRs beside strong ones: magnitudes spread over five decades', () => {
    const shape = codeBlockShape(2, 1000);
    const rng = Random.fromSeed(12);
    const block = new Uint8Array(shape.systematicBits);
    block.set(rng.bits(1000));
    const bits = new Uint8Array(shape.systematicBits);
    const decoder = new LdpcDecoder(shape);
    for (let trial = 0; trial < 10; trial++) {
      const llrs = llrsOf(encodeCodeBlock(block, shape), 1).map((sign, i) => {
        // Rate 1/2; three quarters of the bits matter, and are wrong as often as their LLR admits.
        const magnitude = 10 ** (5 * rng.uniform() - 1.25);
        const wrong = rng.uniform() < 1 / (1 + Math.exp(magnitude));
        return i < 2000 ? (wrong ? -sign : sign) * magnitude : 0;
      });
      expect(decoder.decode(llrs, bits).parityOk).toBe(true);
      expect(bits).toEqual(block);
    }
  });

  it('uses only rows whose own parity column was received, besides the core', () => {
    const schedule = ldpcSchedule(2, 10);
    const posterior = new Int32Array(52 * 10).fill(1);
    expect(activeRows(schedule, posterior)).toHaveLength(42);
    posterior.fill(0, (10 + 7) * 10);
    posterior[(10 + 9) * 10 + 3] = -1;
    expect([...activeRows(schedule, posterior)]).toEqual([0, 1, 2, 3, 4, 5, 6, 9]);
  });

  it('takes infinite LLRs and stays finite', () => {
    const shape = codeBlockShape(2, 200);
    const block = new Uint8Array(shape.systematicBits);
    block.set(Random.fromSeed(1).bits(200));
    const bits = new Uint8Array(shape.systematicBits);
    const llrs = llrsOf(encodeCodeBlock(block, shape), Number.POSITIVE_INFINITY);
    expect(new LdpcDecoder(shape).decode(llrs, bits).parityOk).toBe(true);
    expect(bits).toEqual(block);
  });

  it('does not take an erased block for zeros', () => {
    const shape = codeBlockShape(2, 200);
    const bits = new Uint8Array(shape.systematicBits);
    expect(new LdpcDecoder(shape).decode(new Float32Array(shape.codedBits), bits).parityOk).toBe(false);
  });

  it('names what does not fit', () => {
    const shape = codeBlockShape(2, 200);
    expect(() => new LdpcDecoder(shape, { maxIterations: 0 })).toThrow(/^maxIterations: /);
    expect(() => new LdpcDecoder(shape, { scale: 0 })).toThrow(/^scale: /);
    const decoder = new LdpcDecoder(shape);
    expect(() => decoder.decode(new Float32Array(7), new Uint8Array(shape.systematicBits))).toThrow(
      /^llrs: /,
    );
    expect(() => decoder.decode(new Float32Array(shape.codedBits), new Uint8Array(7))).toThrow(/^bits: /);
  });
});
