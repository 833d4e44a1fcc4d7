/**
 * The shared channel's coding chain, TS 38.212 §7.2 (§6.2) with TS 38.211 §7.3.1.1: CRC, segmentation, LDPC,
 * rate matching, concatenation, scrambling; and the reverse from LLRs.
 */
import { invalid } from '../../errors.js';
import { bitsPerSymbol, type Modulation } from '../../nr/qam.js';
import { requireInteger } from '../../nr/shape.js';
import { LdpcDecoder, type LdpcDecoderOptions } from './ldpc-decoder.js';
import { encodeCodeBlock } from './ldpc-encoder.js';
import {
  codedBitsPerBlock,
  limitedBufferSize,
  type RateMatching,
  type RedundancyVersion,
  rateDematch,
  rateMatch,
} from './rate-matching.js';
import { type ScramblingConfig, scramble, scramblingSequence } from './scrambling.js';
import { codeBlockCrcHolds, desegment, type Segmentation, segment, segmentation } from './segmentation.js';

/** One transmission of a transport block. `{...mcsEntry(table, index)}` gives the first two fields. */
export interface CodedTransmission extends ScramblingConfig {
  readonly modulation: Modulation;
  /** R, between 0 and 1: decides the base graph. */
  readonly targetCodeRate: number;
  /** A, bits, without the CRC. */
  readonly transportBlockSize: number;
  /** G: coded bits that the data REs carry. */
  readonly codedBits: number;
  /** Default 0. */
  readonly rv?: RedundancyVersion;
  /** υ: layers of the codeword. Default 1. */
  readonly layers?: number;
  /** TBS_LBRM: limits the circular buffer (§5.4.2.1). Default: not limited. */
  readonly limitedBufferBits?: number;
}

interface Plan {
  readonly segments: Segmentation;
  readonly matching: RateMatching;
  /** E_r, `[C]`. */
  readonly share: Int32Array;
}

function plan(config: CodedTransmission): Plan {
  const { modulation, targetCodeRate, codedBits, rv = 0, layers = 1, limitedBufferBits } = config;
  requireInteger('rv', rv, 0, 3);
  requireInteger('layers', layers, 1, 4);
  const segments = segmentation(config.transportBlockSize, targetCodeRate);
  const { shape, codeBlocks } = segments;
  const qm = bitsPerSymbol(modulation);
  const bufferSize =
    limitedBufferBits === undefined
      ? shape.codedBits
      : limitedBufferSize(shape, codeBlocks, limitedBufferBits);
  return {
    segments,
    matching: { shape, bitsPerSymbol: qm, rv, bufferSize },
    share: codedBitsPerBlock(codedBits, codeBlocks, qm, layers),
  };
}

/**
 * Encodes a transport block.
 * @param bits `[A]`, one bit a byte.
 * @returns `[G]` scrambled bits in codeword order.
 * @throws INVALID_ARGUMENT that names the field that does not fit.
 */
export function encodeTransportBlock(bits: Uint8Array, config: CodedTransmission): Uint8Array<ArrayBuffer> {
  const { segments, matching, share } = plan(config);
  const { shape, codeBlocks } = segments;
  const blocks = segment(bits, segments);
  const out = new Uint8Array(config.codedBits);
  let at = 0;
  for (let r = 0; r < codeBlocks; r++) {
    const block = blocks.subarray(r * shape.systematicBits, (r + 1) * shape.systematicBits);
    const end = at + (share[r] as number);
    rateMatch(encodeCodeBlock(block, shape), matching, out.subarray(at, end));
    at = end;
  }
  scramble(out, config);
  return out;
}

/** LLRs of all code blocks' circular buffers, `[C, N]`: what redundancy versions are combined in. */
export class SoftBuffer {
  readonly codeBlocks: number;
  /** N. */
  readonly blockLength: number;
  readonly llrs: Float32Array<ArrayBuffer>;

  private constructor(codeBlocks: number, blockLength: number) {
    this.codeBlocks = codeBlocks;
    this.blockLength = blockLength;
    this.llrs = new Float32Array(codeBlocks * blockLength);
  }

  /** An empty buffer for a transport block's transmissions. */
  static for(config: Pick<CodedTransmission, 'transportBlockSize' | 'targetCodeRate'>): SoftBuffer {
    const { codeBlocks, shape } = segmentation(config.transportBlockSize, config.targetCodeRate);
    return new SoftBuffer(codeBlocks, shape.codedBits);
  }
}

export interface DecodeOptions extends LdpcDecoderOptions {
  /** Combines this transmission with what the buffer holds, in place. Default: decodes it alone. */
  readonly softBuffer?: SoftBuffer;
}

export interface DecodedTransportBlock {
  /** `[A]` hard decisions, one bit a byte. */
  readonly bits: Uint8Array<ArrayBuffer>;
  /** Whether all parity checks and all CRCs hold. */
  readonly crcOk: boolean;
  /** Most iterations that a code block took. */
  readonly iterations: number;
  /** Whether each code block's parity checks and CRC hold, `[C]`. */
  readonly codeBlockOk: readonly boolean[];
}

/** LLRs with the scrambling's signs undone, `[G]`. */
function descramble(llrs: Float32Array, config: CodedTransmission): Float32Array<ArrayBuffer> {
  const sequence = scramblingSequence(config, llrs.length);
  const out = new Float32Array(llrs.length);
  for (let i = 0; i < out.length; i++) {
    const llr = llrs[i] as number;
    if (Number.isNaN(llr)) throw invalid(`llrs[${i}]`, 'a number', 'NaN');
    out[i] = sequence[i] === 1 ? -llr : llr;
  }
  return out;
}

/** Adds the transmission's LLRs to the buffer. */
function combine(llrs: Float32Array, config: CodedTransmission, p: Plan, buffer: SoftBuffer): void {
  const { codeBlocks, shape } = p.segments;
  if (buffer.codeBlocks !== codeBlocks || buffer.blockLength !== shape.codedBits) {
    const expected = `${codeBlocks} x ${shape.codedBits} values`;
    throw invalid('softBuffer', expected, `${buffer.codeBlocks} x ${buffer.blockLength} values`);
  }
  const descrambled = descramble(llrs, config);
  let at = 0;
  for (let r = 0; r < codeBlocks; r++) {
    const end = at + (p.share[r] as number);
    const block = buffer.llrs.subarray(r * shape.codedBits, (r + 1) * shape.codedBits);
    rateDematch(descrambled.subarray(at, end), p.matching, block);
    at = end;
  }
}

/**
 * Decodes a transport block.
 * @param llrs `[G]` LLRs `ln P(0)/P(1)` in codeword order, scrambled as received; their scale is free.
 * @throws INVALID_ARGUMENT that names the field that does not fit.
 */
export function decodeTransportBlock(
  llrs: Float32Array,
  config: CodedTransmission,
  options: DecodeOptions = {},
): DecodedTransportBlock {
  if (llrs.length !== config.codedBits) {
    throw invalid('llrs', `${config.codedBits} values`, `${llrs.length} values`);
  }
  const p = plan(config);
  const { codeBlocks, shape } = p.segments;
  const buffer = options.softBuffer ?? SoftBuffer.for(config);
  combine(llrs, config, p, buffer);
  const decoder = new LdpcDecoder(shape, options);
  const blocks = new Uint8Array(codeBlocks * shape.systematicBits);
  const codeBlockOk: boolean[] = [];
  let iterations = 0;
  for (let r = 0; r < codeBlocks; r++) {
    const received = buffer.llrs.subarray(r * shape.codedBits, (r + 1) * shape.codedBits);
    const block = blocks.subarray(r * shape.systematicBits, (r + 1) * shape.systematicBits);
    const decoded = decoder.decode(received, block);
    iterations = Math.max(iterations, decoded.iterations);
    codeBlockOk.push(decoded.parityOk && codeBlockCrcHolds(block.subarray(0, shape.payloadBits), p.segments));
  }
  const { bits, crcOk } = desegment(blocks, p.segments);
  return { bits, crcOk: crcOk && codeBlockOk.every(Boolean), iterations, codeBlockOk };
}
