import { DEFAULT_SCALES, LdpcDecoder } from '../phy/coding/index.js';
import type { BaseGraphIndex } from '../phy/coding/base-graph.js';
import { codeBlockShape } from '../phy/coding/segmentation.js';
import { Random } from '../phy/random.js';
import { FloodingDecoder } from './flooding-decoder.js';
import type { BenchOptions } from './options.js';
import { median } from './statistics.js';

export interface DecodingFigures {
  readonly baseGraph: BaseGraphIndex;
  /** K: bits of the block. */
  readonly bits: number;
  readonly iterations: number;
  readonly blocksPerSecond: number;
  /** K times blocks a second. */
  readonly mbitPerSecond: number;
  /** Against {@link FloodingDecoder}, measured in turns. */
  readonly toReference: number;
}

/** Base graph, K, iterations: the largest blocks, and sizes of a few resource blocks. */
const BLOCKS: readonly (readonly [BaseGraphIndex, number, number])[] = [
  [1, 8448, 20],
  [1, 8448, 5],
  [1, 1056, 20],
  [2, 3840, 20],
  [2, 640, 20],
];

/** Share of `seconds` for each block size, turn and decoder. */
const SHARE = 1 / 20;

/**
 * Speed of the LDPC decoder on one thread. The mother code with LLRs that are noise: no parity check stops it
 * early, and every row takes part, so that both decoders do all iterations over all edges.
 */
export function measureDecoding(options: BenchOptions): DecodingFigures[] {
  options.onProgress('LDPC decoder');
  const random = Random.fromSeed(options.seed).fork('decoding');
  return BLOCKS.map(([graph, bits, iterations]) => {
    const shape = codeBlockShape(graph, bits);
    const llrs = Float32Array.from({ length: shape.codedBits }, () => random.normal());
    const decisions = new Uint8Array(shape.systematicBits);
    const own = new LdpcDecoder(shape, { maxIterations: iterations, scale: DEFAULT_SCALES.low });
    const reference = new FloodingDecoder(shape, { iterations, scale: DEFAULT_SCALES.low });
    const turns = Array.from({ length: options.repeats }, () => ({
      own: callsPerSecond(() => own.decode(llrs, decisions), SHARE * options.seconds),
      reference: callsPerSecond(() => reference.decode(llrs), SHARE * options.seconds),
    }));
    const blocksPerSecond = median(turns.map((turn) => turn.own));
    return {
      baseGraph: graph,
      bits,
      iterations,
      blocksPerSecond,
      mbitPerSecond: (blocksPerSecond * bits) / 1e6,
      toReference: median(turns.map((turn) => turn.own / turn.reference)),
    };
  });
}

/** Calls until `seconds` have passed, the first one not counted. */
function callsPerSecond(call: () => unknown, seconds: number): number {
  call();
  const start = performance.now();
  let calls = 0;
  let elapsed = 0;
  while (elapsed < 1000 * seconds || calls === 0) {
    call();
    calls++;
    elapsed = performance.now() - start;
  }
  return (1000 * calls) / elapsed;
}
