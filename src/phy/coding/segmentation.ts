/** Base-graph choice (TS 38.212 §6.2.2, §7.2.2) and code-block segmentation (§5.2.2). */
import { invalid } from '../../errors.js';
import { requireInteger } from '../../nr/shape.js';
import { type BaseGraphIndex, LIFTING_SIZES, PUNCTURED_COLUMNS } from './base-graph.js';
import { type CrcName, crcLength, crcMatches, writeWithCrc } from './crc.js';

/** Sizes of one LDPC code block. */
export interface CodeBlockShape {
  readonly baseGraph: BaseGraphIndex;
  /** Zc: lifting size. */
  readonly zc: number;
  /** K′: bits of the block, its CRC included, filler excluded. */
  readonly payloadBits: number;
  /** K = 22·Zc or 10·Zc: K′ and the filler behind it. */
  readonly systematicBits: number;
  /** N = 66·Zc or 50·Zc: length of the coded block, without the 2·Zc punctured bits. */
  readonly codedBits: number;
}

/** How a transport block is cut into C equal code blocks. */
export interface Segmentation {
  /** A: transport-block size without its CRC. */
  readonly transportBlockSize: number;
  readonly transportBlockCrc: CrcName;
  /** C. */
  readonly codeBlocks: number;
  /** CRC of each code block, none when there is only one. */
  readonly codeBlockCrc: CrcName | undefined;
  readonly shape: CodeBlockShape;
}

/** Base graph of a transport block: 2 for A ≤ 292, or A ≤ 3824 and R ≤ 0.67, or R ≤ 0.25 (§7.2.2). */
export function selectBaseGraph(transportBlockSize: number, targetCodeRate: number): BaseGraphIndex {
  if (transportBlockSize <= 292) return 2;
  if (targetCodeRate <= 0.25) return 2;
  return transportBlockSize <= 3824 && targetCodeRate <= 0.67 ? 2 : 1;
}

/** Kb of §5.2.2 for B bits: systematic columns that the choice of Zc counts with. */
function countedColumns(graph: BaseGraphIndex, totalBits: number): number {
  if (graph === 1) return 22;
  if (totalBits > 640) return 10;
  if (totalBits > 560) return 9;
  return totalBits > 192 ? 8 : 6;
}

/**
 * Lifting size and lengths of a code block with K′ bits (§5.2.2).
 * @param totalBits B, which decides Kb for base graph 2. Default K′.
 */
export function codeBlockShape(
  graph: BaseGraphIndex,
  payloadBits: number,
  totalBits = payloadBits,
): CodeBlockShape {
  requireInteger('payloadBits', payloadBits, 5, graph === 1 ? 8448 : 3840);
  const needed = payloadBits / countedColumns(graph, totalBits);
  const zc = LIFTING_SIZES.find((size) => size >= needed);
  if (zc === undefined) throw invalid('payloadBits', 'a size that a lifting size holds', String(payloadBits));
  const columns = graph === 1 ? 22 : 10;
  return {
    baseGraph: graph,
    zc,
    payloadBits,
    systematicBits: columns * zc,
    codedBits: (graph === 1 ? 66 : 50) * zc,
  };
}

/** First filler position in the coded block, and how many there are: positions of NULL in d (§5.3.2). */
export function fillerRange(shape: CodeBlockShape): { start: number; end: number } {
  const punctured = PUNCTURED_COLUMNS * shape.zc;
  return { start: shape.payloadBits - punctured, end: shape.systematicBits - punctured };
}

/**
 * §5.2.2. B = A + L; one block up to Kcb = 8448 (3840) bits, otherwise C = ⌈B/(Kcb − 24)⌉ with a CRC24B each.
 * @throws INVALID_ARGUMENT for a size that does not split evenly: no size of TS 38.214 §5.1.3.2 is such.
 */
export function segmentation(transportBlockSize: number, targetCodeRate: number): Segmentation {
  requireInteger('transportBlockSize', transportBlockSize, 1, 0x7fff_ffff);
  if (!(targetCodeRate > 0 && targetCodeRate < 1)) {
    throw invalid('targetCodeRate', 'a number between 0 and 1', String(targetCodeRate));
  }
  const graph = selectBaseGraph(transportBlockSize, targetCodeRate);
  const transportBlockCrc = transportBlockSize > 3824 ? 'CRC24A' : 'CRC16';
  const total = transportBlockSize + crcLength(transportBlockCrc);
  const largest = graph === 1 ? 8448 : 3840;
  if (total <= largest) {
    const shape = codeBlockShape(graph, total);
    return { transportBlockSize, transportBlockCrc, codeBlocks: 1, codeBlockCrc: undefined, shape };
  }
  const perBlock = crcLength('CRC24B');
  const codeBlocks = Math.ceil(total / (largest - perBlock));
  if (total % codeBlocks !== 0) {
    const expected = `a size A with A + ${crcLength(transportBlockCrc)} a multiple of its ${codeBlocks} code blocks`;
    throw invalid('transportBlockSize', expected, String(transportBlockSize));
  }
  const shape = codeBlockShape(graph, total / codeBlocks + perBlock, total);
  return { transportBlockSize, transportBlockCrc, codeBlocks, codeBlockCrc: 'CRC24B', shape };
}

/**
 * The code blocks of a transport block: CRCs attached, filler bits 0.
 * @param bits `[A]`, one bit a byte.
 * @returns `[C, K]`.
 */
export function segment(bits: Uint8Array, plan: Segmentation): Uint8Array<ArrayBuffer> {
  const { codeBlocks, codeBlockCrc, shape, transportBlockCrc, transportBlockSize } = plan;
  if (bits.length !== transportBlockSize) {
    throw invalid('bits', `${transportBlockSize} bits`, `${bits.length} bits`);
  }
  const whole = new Uint8Array(transportBlockSize + crcLength(transportBlockCrc));
  writeWithCrc(bits, transportBlockCrc, whole);
  const blocks = new Uint8Array(codeBlocks * shape.systematicBits);
  const share = whole.length / codeBlocks;
  for (let r = 0; r < codeBlocks; r++) {
    const part = whole.subarray(r * share, (r + 1) * share);
    const at = r * shape.systematicBits;
    if (codeBlockCrc === undefined) blocks.set(part, at);
    else writeWithCrc(part, codeBlockCrc, blocks, at);
  }
  return blocks;
}

/** Whether a decoded code block's own CRC holds: its CRC24B, or the transport block's when it is alone. */
export function codeBlockCrcHolds(payload: Uint8Array, plan: Segmentation): boolean {
  return crcMatches(payload, plan.codeBlockCrc ?? plan.transportBlockCrc);
}

/**
 * The reverse of {@link segment}.
 * @param blocks `[C, K]` decoded bits.
 * @returns the transport block `[A]`, and whether its CRC holds.
 */
export function desegment(
  blocks: Uint8Array,
  plan: Segmentation,
): { bits: Uint8Array<ArrayBuffer>; crcOk: boolean } {
  const { codeBlocks, codeBlockCrc, shape, transportBlockCrc, transportBlockSize } = plan;
  const whole = new Uint8Array(transportBlockSize + crcLength(transportBlockCrc));
  const share = shape.payloadBits - (codeBlockCrc === undefined ? 0 : crcLength(codeBlockCrc));
  for (let r = 0; r < codeBlocks; r++) {
    const at = r * shape.systematicBits;
    whole.set(blocks.subarray(at, at + share), r * share);
  }
  return { bits: whole.slice(0, transportBlockSize), crcOk: crcMatches(whole, transportBlockCrc) };
}
