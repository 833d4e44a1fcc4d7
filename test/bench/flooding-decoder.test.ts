import { describe, expect, it } from 'vitest';
import { FloodingDecoder } from '#bench/flooding-decoder.js';
import { LdpcDecoder } from '#phy/coding/index.js';
import { encodeCodeBlock } from '#phy/coding/ldpc-encoder.js';
import { codeBlockShape } from '#phy/coding/segmentation.js';
import { Random } from '#phy/random.js';

describe('the textbook decoder', () => {
  it.each([
    [1, 300],
    [2, 120],
  ] as const)(
    'base graph %d, %d bits: finds what was sent, as the decoder that it is compared with',
    (graph, payload) => {
      const shape = codeBlockShape(graph, payload);
      const random = Random.fromSeed(payload);
      const reference = new FloodingDecoder(shape, { iterations: 20, scale: 0.7 });
      const decoder = new LdpcDecoder(shape);
      for (let trial = 0; trial < 5; trial++) {
        const block = new Uint8Array(shape.systematicBits);
        block.set(random.bits(payload));
        // The mother code's rate is 1/3 or 1/5: at 1 dB each bit alone is wrong with 13 %.
        const llrs = Float32Array.from(encodeCodeBlock(block, shape), (bit) => {
          const deviation = 10 ** (-1 / 20);
          return (2 * (1 - 2 * bit + deviation * random.normal())) / deviation ** 2;
        });
        const decided = new Uint8Array(shape.systematicBits);
        expect(decoder.decode(llrs, decided).parityOk).toBe(true);
        expect(decided).toEqual(block);
        expect(reference.decode(llrs)).toEqual(block);
      }
    },
  );

  it('does not find it where nothing was received', () => {
    const shape = codeBlockShape(2, 120);
    const reference = new FloodingDecoder(shape, { iterations: 5, scale: 0.7 });
    const block = Random.fromSeed(1).bits(shape.systematicBits);
    expect(reference.decode(new Float32Array(shape.codedBits))).not.toEqual(block);
  });
});
