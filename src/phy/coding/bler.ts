/** Block error rate of single LDPC code blocks in AWGN: the decoder's own measure, without CRC and channel. */
import { invalid } from '../../errors.js';
import { bitsPerSymbol, type Modulation, modulate } from '../../nr/qam.js';
import { addNoise, noiseVarianceOf } from '../noise.js';
import type { Random } from '../random.js';
import { demap } from '../receivers/demapper.js';
import type { BaseGraphIndex } from './base-graph.js';
import { LdpcDecoder, type LdpcDecoderOptions } from './ldpc-decoder.js';
import { encodeCodeBlock } from './ldpc-encoder.js';
import { rateDematch, rateMatch } from './rate-matching.js';
import { codeBlockShape } from './segmentation.js';

export interface CodeBlockPoint extends LdpcDecoderOptions {
  readonly baseGraph: BaseGraphIndex;
  /** K′. */
  readonly infoBits: number;
  /** E, a multiple of Qm. */
  readonly codedBits: number;
  readonly modulation: Modulation;
  /** Es/N0, dB. */
  readonly snrDb: number;
  /** Stops after so many block errors … */
  readonly blockErrors: number;
  /** … or so many blocks. */
  readonly maxBlocks: number;
}

export interface CodeBlockBler {
  readonly snrDb: number;
  readonly blocks: number;
  readonly errors: number;
  readonly bler: number;
  readonly meanIterations: number;
  /** Decoded information bits a second, in Mbit/s: decoder alone. */
  readonly decoderMbitPerSecond: number;
}

/** Transmits `coded` and returns its LLRs by the exact demapper, `[E]`. */
function awgnLlrs(coded: Uint8Array, modulation: Modulation, snrDb: number, rng: Random): Float32Array {
  const symbols = modulate(coded, modulation);
  const variance = noiseVarianceOf(snrDb);
  addNoise(symbols, variance, rng);
  return demap({ symbols, noiseVariance: new Float32Array(symbols.length / 2).fill(variance) }, modulation);
}

/** Redundancy version 0 over AWGN until enough block errors were seen. A function of `point` and `rng`. */
export function measureCodeBlockBler(point: CodeBlockPoint, rng: Random): CodeBlockBler {
  const { infoBits, codedBits, modulation, snrDb } = point;
  const shape = codeBlockShape(point.baseGraph, infoBits);
  const matching = { shape, bitsPerSymbol: bitsPerSymbol(modulation), rv: 0 } as const;
  const decoder = new LdpcDecoder(shape, point);
  const block = new Uint8Array(shape.systematicBits);
  const decoded = new Uint8Array(shape.systematicBits);
  const coded = new Uint8Array(codedBits);
  let blocks = 0;
  let errors = 0;
  let iterations = 0;
  let decodeMs = 0;
  while (errors < point.blockErrors && blocks < point.maxBlocks) {
    block.set(rng.bits(infoBits));
    rateMatch(encodeCodeBlock(block, shape), matching, coded);
    const soft = new Float32Array(shape.codedBits);
    rateDematch(awgnLlrs(coded, modulation, snrDb, rng), matching, soft);
    const start = performance.now();
    iterations += decoder.decode(soft, decoded).iterations;
    decodeMs += performance.now() - start;
    if (decoded.some((bit, i) => bit !== block[i])) errors++;
    blocks++;
  }
  return {
    snrDb,
    blocks,
    errors,
    bler: errors / blocks,
    meanIterations: iterations / blocks,
    decoderMbitPerSecond: (blocks * infoBits) / (1000 * decodeMs),
  };
}

/** {@link measureCodeBlockBler} at each SNR, every point with its own stream of `rng`. */
export function measureBlerCurve(
  point: Omit<CodeBlockPoint, 'snrDb'>,
  snrsDb: readonly number[],
  rng: Random,
): CodeBlockBler[] {
  return snrsDb.map((snrDb) => measureCodeBlockBler({ ...point, snrDb }, rng.fork(String(snrDb))));
}

/**
 * SNR at which a falling curve crosses `bler`: linear in dB and in log BLER between its neighbours.
 * @throws INVALID_ARGUMENT when the curve does not cross it.
 */
export function snrAtBler(curve: readonly CodeBlockBler[], bler: number): number {
  for (let i = 1; i < curve.length; i++) {
    const before = curve[i - 1] as CodeBlockBler;
    const after = curve[i] as CodeBlockBler;
    if (before.bler < bler || after.bler > bler || before.bler === after.bler) continue;
    // An error count of 0 stands for half an error.
    const low = Math.log(Math.max(after.bler, 0.5 / after.blocks));
    const high = Math.log(before.bler);
    const share = Math.min(1, (high - Math.log(bler)) / (high - low));
    return before.snrDb + share * (after.snrDb - before.snrDb);
  }
  throw invalid('curve', `points on both sides of a BLER of ${bler}`, `${curve.length} points without`);
}
