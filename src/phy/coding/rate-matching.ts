/** LDPC rate matching, TS 38.212 §5.4.2: bit selection and interleaving, both ways. */
import { invalid } from '../../errors.js';
import { requireInteger } from '../../nr/shape.js';
import { type CodeBlockShape, fillerRange } from './segmentation.js';

export const REDUNDANCY_VERSIONS = [0, 1, 2, 3] as const;
export type RedundancyVersion = (typeof REDUNDANCY_VERSIONS)[number];

/** Table 5.4.2.1-2: k0 = ⌊n·Ncb/N⌋·Zc with these n, by base graph and rv; N = 66·Zc or 50·Zc. */
const START_NUMERATORS = { 1: [0, 17, 33, 56], 2: [0, 13, 25, 43] } as const;

export interface RateMatching {
  readonly shape: CodeBlockShape;
  /** Qm. */
  readonly bitsPerSymbol: number;
  readonly rv: RedundancyVersion;
  /** Ncb: length of the circular buffer. Default N (no limited buffer). */
  readonly bufferSize?: number;
}

/**
 * Ncb of §5.4.2.1 with limited-buffer rate matching: `min(N, ⌊TBS_LBRM / (C·2/3)⌋)`.
 * @param limitedBits TBS_LBRM.
 */
export function limitedBufferSize(shape: CodeBlockShape, codeBlocks: number, limitedBits: number): number {
  requireInteger('limitedBufferBits', limitedBits, 1, 0x7fff_ffff);
  return Math.min(shape.codedBits, Math.floor((limitedBits * 3) / (2 * codeBlocks)));
}

/** k0: where redundancy version `rv` starts in the circular buffer (Table 5.4.2.1-2). */
export function startPosition(shape: CodeBlockShape, rv: RedundancyVersion, bufferSize: number): number {
  const numerator = START_NUMERATORS[shape.baseGraph][rv];
  return Math.floor((numerator * bufferSize) / shape.codedBits) * shape.zc;
}

/**
 * E_r of §5.4.2.1: how the G coded bits are shared among C code blocks.
 * @returns `[C]`, each a multiple of `layers·Qm`.
 */
export function codedBitsPerBlock(
  codedBits: number,
  codeBlocks: number,
  bitsPerSymbol: number,
  layers = 1,
): Int32Array {
  const unit = layers * bitsPerSymbol;
  if (!Number.isInteger(codedBits) || codedBits < unit * codeBlocks || codedBits % unit !== 0) {
    const expected = `a multiple of ${unit} (layers x Qm), at least ${unit * codeBlocks}`;
    throw invalid('codedBits', expected, String(codedBits));
  }
  const units = codedBits / unit;
  const few = Math.floor(units / codeBlocks);
  const many = Math.ceil(units / codeBlocks);
  const withFew = codeBlocks - (units % codeBlocks);
  return Int32Array.from({ length: codeBlocks }, (_, r) => unit * (r < withFew ? few : many));
}

/** Ring positions that carry bits: the buffer without its filler. */
interface Ring {
  readonly size: number;
  readonly fillerStart: number;
  readonly fillerEnd: number;
  /** First transmitted position, not filler. */
  readonly start: number;
}

function ring({ shape, rv, bufferSize = shape.codedBits }: RateMatching): Ring {
  const filler = fillerRange(shape);
  const fillerStart = Math.min(filler.start, bufferSize);
  const fillerEnd = Math.min(filler.end, bufferSize);
  if (bufferSize - (fillerEnd - fillerStart) < 1) {
    throw invalid('bufferSize', 'a buffer with more than filler bits', String(bufferSize));
  }
  let start = startPosition(shape, rv, bufferSize);
  if (start >= fillerStart && start < fillerEnd) start = fillerEnd;
  return { size: bufferSize, fillerStart, fillerEnd, start: start >= bufferSize ? 0 : start };
}

/** The position behind `position`, filler skipped. */
function next(position: number, r: Ring): number {
  let p = position + 1;
  if (p === r.fillerStart) p = r.fillerEnd;
  if (p < r.size) return p;
  return r.fillerStart === 0 ? r.fillerEnd : 0;
}

function requireWholeSymbols(field: string, length: number, bitsPerSymbol: number): void {
  if (length % bitsPerSymbol !== 0) throw invalid(field, `a multiple of ${bitsPerSymbol}`, String(length));
}

/**
 * Bit selection (§5.4.2.1) and interleaving (§5.4.2.2), `f[i + j·Qm] = e[i·E/Qm + j]`.
 * @param coded `[N]` as the encoder leaves it.
 * @param out `[E]`.
 */
export function rateMatch(coded: Uint8Array, config: RateMatching, out: Uint8Array): void {
  const qm = config.bitsPerSymbol;
  requireWholeSymbols('out', out.length, qm);
  const r = ring(config);
  let position = r.start;
  for (let i = 0; i < qm; i++) {
    for (let k = i; k < out.length; k += qm) {
      out[k] = coded[position] as number;
      position = next(position, r);
    }
  }
}

/**
 * The reverse of {@link rateMatch}: adds each LLR to the buffer position that its bit came from, so that
 * repeated bits and further redundancy versions combine.
 * @param llrs `[E]`.
 * @param buffer `[N]` soft buffer, added to in place.
 */
export function rateDematch(llrs: Float32Array, config: RateMatching, buffer: Float32Array): void {
  const qm = config.bitsPerSymbol;
  requireWholeSymbols('llrs', llrs.length, qm);
  const r = ring(config);
  let position = r.start;
  for (let i = 0; i < qm; i++) {
    for (let k = i; k < llrs.length; k += qm) {
      buffer[position] = (buffer[position] as number) + (llrs[k] as number);
      position = next(position, r);
    }
  }
}
