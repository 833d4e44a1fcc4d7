import { describe, expect, it } from 'vitest';
import {
  type CodedTransmission,
  decodeTransportBlock,
  encodeTransportBlock,
  mcsEntry,
  type RedundancyVersion,
  SoftBuffer,
  transportBlockSize,
} from '#phy/coding/index.js';
import { bitsPerSymbol } from '#nr/qam.js';
import { Random } from '#phy/random.js';
import { llrsOf } from './helpers/reference.js';

function transmission(
  nRe: number,
  mcsIndex: number,
  over: Partial<CodedTransmission> = {},
): CodedTransmission {
  const mcs = mcsEntry(1, mcsIndex);
  return {
    ...mcs,
    transportBlockSize: transportBlockSize(nRe, mcs, over.layers ?? 1),
    codedBits: nRe * bitsPerSymbol(mcs.modulation) * (over.layers ?? 1),
    rnti: 0x4601,
    nId: 321,
    ...over,
  };
}

/** LLRs of ±1 in Gaussian noise of the given deviation: `2(x + n)/σ²`. */
function noisyLlrs(bits: Uint8Array, deviation: number, rng: Random): Float32Array<ArrayBuffer> {
  return Float32Array.from(bits, (bit) => (2 * (1 - 2 * bit + deviation * rng.normal())) / deviation ** 2);
}

describe('a transport block without noise', () => {
  it.each([
    // REs, MCS: 1 PRB to 273 PRB, one to many code blocks, both base graphs, all modulations.
    [144, 0],
    [120, 0],
    [144, 9],
    [576, 4],
    [576, 13],
    [576, 27],
    [3456, 16],
    [3456, 1],
    [15_264, 20],
    [36_036, 28],
  ])('%i REs, MCS %i', (nRe, mcsIndex) => {
    const config = transmission(nRe, mcsIndex);
    const bits = Random.fromSeed(nRe + mcsIndex).bits(config.transportBlockSize);
    const coded = encodeTransportBlock(bits, config);
    expect(coded).toHaveLength(config.codedBits);
    const decoded = decodeTransportBlock(llrsOf(coded), config);
    expect(decoded.crcOk).toBe(true);
    expect(decoded.bits).toEqual(bits);
    expect(decoded.codeBlockOk.every(Boolean)).toBe(true);
  });

  const everyVersion = ([1, 2] as const).flatMap((graph) =>
    ([0, 1, 2, 3] as const).map((rv) => [graph, rv] as const),
  );

  it.each(everyVersion)('base graph %i, redundancy version %i with the whole buffer', (graph, rv) => {
    const transportBlockBits = graph === 1 ? 20_496 : 1032;
    const codedBits = 4 * Math.ceil(((graph === 1 ? 3 : 5) * 1.05 * transportBlockBits) / 4);
    const config = transmission(100, 10, { transportBlockSize: transportBlockBits, codedBits, rv });
    const bits = Random.fromSeed(rv).bits(transportBlockBits);
    const decoded = decodeTransportBlock(llrsOf(encodeTransportBlock(bits, config)), config);
    expect(decoded.crcOk).toBe(true);
    expect(decoded.bits).toEqual(bits);
  });

  // Versions 0 and 3 are self-decodable at high rates.
  it.each<[RedundancyVersion, number]>([
    [0, 0.9],
    [3, 0.75],
  ])('redundancy version %i alone at rate %d', (rv, rate) => {
    const codedBits = 2 * Math.ceil(5000 / rate / 2);
    const config = transmission(100, 9, { transportBlockSize: 5000, codedBits, rv });
    const bits = Random.fromSeed(rv).bits(5000);
    expect(decodeTransportBlock(llrsOf(encodeTransportBlock(bits, config)), config)).toMatchObject({
      bits,
      crcOk: true,
    });
  });

  it('with two layers and a limited buffer', () => {
    const config = transmission(3000, 12, { layers: 2, limitedBufferBits: 20_000 });
    const bits = Random.fromSeed(2).bits(config.transportBlockSize);
    expect(decodeTransportBlock(llrsOf(encodeTransportBlock(bits, config)), config)).toMatchObject({
      bits,
      crcOk: true,
    });
  });

  it('with 256QAM', () => {
    const mcs = mcsEntry(2, 24);
    const size = transportBlockSize(2000, mcs);
    const config = { ...mcs, transportBlockSize: size, codedBits: 16_000, rnti: 1, nId: 2 };
    const bits = Random.fromSeed(2).bits(size);
    expect(decodeTransportBlock(llrsOf(encodeTransportBlock(bits, config)), config)).toMatchObject({
      bits,
      crcOk: true,
    });
  });

  it('depends on RNTI and n_ID: another receiver fails', () => {
    const config = transmission(576, 4);
    const bits = Random.fromSeed(9).bits(config.transportBlockSize);
    const llrs = llrsOf(encodeTransportBlock(bits, config));
    expect(decodeTransportBlock(llrs, { ...config, rnti: 0x4602 }).crcOk).toBe(false);
    expect(decodeTransportBlock(llrs, { ...config, nId: 322 }).crcOk).toBe(false);
  });
});

/** Share of blocks decoded after each of the transmissions. */
function decodedAfter(versions: readonly RedundancyVersion[], deviation: number, blocks: number): number[] {
  const config = transmission(720, 16);
  const rng = Random.fromSeed('combining');
  const ok = versions.map(() => 0);
  for (let b = 0; b < blocks; b++) {
    const bits = rng.bits(config.transportBlockSize);
    const softBuffer = SoftBuffer.for(config);
    for (const [i, rv] of versions.entries()) {
      const sent = { ...config, rv };
      const llrs = noisyLlrs(encodeTransportBlock(bits, sent), deviation, rng);
      if (decodeTransportBlock(llrs, sent, { softBuffer }).crcOk) ok[i]!++;
    }
  }
  return ok.map((count) => count / blocks);
}

describe('soft combining', () => {
  it('decodes with a second version what the first could not, and new parity beats repetition', () => {
    // Es/N0 of −3.7 dB a bit: rate 0.64 needs about −0.2 dB, so neither one transmission nor its repetition
    // (3 dB better) will do; new parity makes it rate 0.32, which needs about −4.1 dB.
    const repeated = decodedAfter([0, 0], 1.08, 25);
    const incremental = decodedAfter([0, 2], 1.08, 25);
    expect(repeated[0]).toBe(0);
    expect(incremental[0]).toBe(0);
    expect(repeated[1]!).toBeLessThan(0.3);
    expect(incremental[1]!).toBeGreaterThan(0.9);
  });

  it('sums equal versions, so that two halves are one whole', () => {
    const config = transmission(576, 9);
    const rng = Random.fromSeed(6);
    const bits = rng.bits(config.transportBlockSize);
    const llrs = noisyLlrs(encodeTransportBlock(bits, config), 0.7, rng);
    const softBuffer = SoftBuffer.for(config);
    const half = llrs.map((llr) => llr / 2);
    decodeTransportBlock(half, config, { softBuffer });
    const twice = decodeTransportBlock(half, config, { softBuffer });
    expect(twice).toEqual(decodeTransportBlock(llrs, config));
  });

  it('refuses a buffer of another block', () => {
    const config = transmission(576, 9);
    const softBuffer = SoftBuffer.for(transmission(3456, 16));
    expect(() => decodeTransportBlock(new Float32Array(config.codedBits), config, { softBuffer })).toThrow(
      /^softBuffer: expected 1 x \d+ values, received \d x \d+ values/,
    );
  });
});

describe('a decoder that hears noise', () => {
  it.each([
    // The shorter the block, the likelier a wrong codeword: the CRC must hold it back.
    [12, 0, 300],
    [24, 4, 300],
    [144, 9, 100],
    [576, 13, 30],
    [1728, 28, 10],
  ])('%i REs, MCS %i: %i blocks, no CRC ever holds', (nRe, mcsIndex, blocks) => {
    const config = transmission(nRe, mcsIndex);
    const rng = Random.fromSeed(nRe);
    for (let b = 0; b < blocks; b++) {
      const llrs = Float32Array.from({ length: config.codedBits }, () => 4 * rng.normal());
      // False alarm probability below 2^−16 a block: 740 blocks expect 0.01.
      expect(decodeTransportBlock(llrs, config).crcOk).toBe(false);
    }
  });

  it('does not take silence for a block of zeros, nor constants', () => {
    const config = transmission(576, 4);
    for (const value of [0, -0, 1, -1, 1e-30]) {
      const llrs = new Float32Array(config.codedBits).fill(value);
      expect(decodeTransportBlock(llrs, config).crcOk).toBe(false);
    }
  });
});

describe('errors name the field', () => {
  const config = transmission(576, 4);
  const bits = new Uint8Array(config.transportBlockSize);
  const llrs = new Float32Array(config.codedBits);

  it.each([
    ['codedBits', { codedBits: 1151 }],
    ['codedBits', { codedBits: 0 }],
    ['rv', { rv: 4 as 3 }],
    ['layers', { layers: 0 }],
    ['rnti', { rnti: -1 }],
    ['nId', { nId: 1.5 }],
    ['targetCodeRate', { targetCodeRate: 0 }],
    ['limitedBufferBits', { limitedBufferBits: 0 }],
  ])('%s', (field, over) => {
    expect(() => encodeTransportBlock(bits, { ...config, ...over })).toThrow(
      new RegExp(`^${field}: expected`),
    );
  });

  it('bits, llrs, and the index of a NaN', () => {
    expect(() => encodeTransportBlock(bits.subarray(1), config)).toThrow(/^bits: expected \d+ bits/);
    expect(() => decodeTransportBlock(llrs.subarray(1), config)).toThrow(/^llrs: expected \d+ values/);
    const broken = llrs.slice();
    broken[17] = Number.NaN;
    expect(() => decodeTransportBlock(broken, config)).toThrow(
      /^llrs\[17\]: expected a number, received NaN/,
    );
  });
});
