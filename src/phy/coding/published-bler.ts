/** Published block error rates of the 5G LDPC codes in AWGN, and how far our decoder is from them. */
import { invalid } from '../../errors.js';
import { bitsPerSymbol } from '../../nr/qam.js';
import type { Random } from '../random.js';
import { type CodeBlockBler, type CodeBlockPoint, measureBlerCurve, snrAtBler } from './bler.js';
import type { LdpcDecoderOptions } from './ldpc-decoder.js';
import { mcsEntry } from './mcs.js';
import { selectBaseGraph } from './segmentation.js';

export interface PublishedPoint {
  /** Index of MCS table 1. */
  readonly mcsIndex: number;
  /** Information bits of one code block, without CRC. */
  readonly infoBits: number;
  /** Es/N0, dB. */
  readonly snrDb: number;
  readonly bler: number;
}

/**
 * NVIDIA Sionna, `src/sionna/sys/bler_tables/PDSCH_table1.json` (repository NVlabs/sionna, commit 9ca7cc7),
 * made by its `CodedAWGNChannelNR`: belief propagation (boxplus-phi, flooding) with 20 iterations, exact
 * demapper, no CRC. The points whose BLER lies in the waterfall.
 */
export const PUBLISHED_POINTS: readonly PublishedPoint[] = [
  { mcsIndex: 4, infoBits: 500, snrDb: -1.4286, bler: 0.089 },
  { mcsIndex: 4, infoBits: 1000, snrDb: -1.4286, bler: 0.0287 },
  { mcsIndex: 6, infoBits: 500, snrDb: 0.3571, bler: 0.2994 },
  { mcsIndex: 6, infoBits: 1000, snrDb: 0.3571, bler: 0.2273 },
  { mcsIndex: 6, infoBits: 2000, snrDb: 0.3571, bler: 0.2092 },
  { mcsIndex: 8, infoBits: 500, snrDb: 2.1429, bler: 0.4317 },
  { mcsIndex: 8, infoBits: 1000, snrDb: 2.1429, bler: 0.3721 },
  { mcsIndex: 8, infoBits: 2000, snrDb: 2.1429, bler: 0.3857 },
  { mcsIndex: 13, infoBits: 1000, snrDb: 5.7143, bler: 0.514 },
  { mcsIndex: 13, infoBits: 2000, snrDb: 5.7143, bler: 0.5867 },
  { mcsIndex: 21, infoBits: 500, snrDb: 12.8571, bler: 0.143 },
  { mcsIndex: 21, infoBits: 2000, snrDb: 12.8571, bler: 0.0293 },
  { mcsIndex: 25, infoBits: 500, snrDb: 16.4286, bler: 0.2689 },
  { mcsIndex: 25, infoBits: 1000, snrDb: 16.4286, bler: 0.2048 },
  { mcsIndex: 25, infoBits: 2000, snrDb: 16.4286, bler: 0.1477 },
];

/** The code of a published point: `E = ⌈K/R⌉`, rounded up to whole symbols. */
export function publishedCode(
  point: PublishedPoint,
): Pick<CodeBlockPoint, 'baseGraph' | 'infoBits' | 'codedBits' | 'modulation'> {
  const { modulation, targetCodeRate } = mcsEntry(1, point.mcsIndex);
  const qm = bitsPerSymbol(modulation);
  const { infoBits } = point;
  const codedBits = qm * Math.ceil(Math.ceil(infoBits / targetCodeRate) / qm);
  return { baseGraph: selectBaseGraph(infoBits, targetCodeRate), infoBits, codedBits, modulation };
}

export interface PublishedGap {
  readonly point: PublishedPoint;
  /** SNR that our decoder needs for the published BLER, less the published SNR; dB, negative is better. */
  readonly gapDb: number;
  readonly curve: readonly CodeBlockBler[];
}

/**
 * Measures a BLER curve of ±0.6 dB around a published point, and where it crosses the published BLER.
 * @param blockErrors at which an SNR's measurement stops. 200 give about ±0.02 dB.
 */
export function gapToPublished(
  point: PublishedPoint,
  rng: Random,
  options: LdpcDecoderOptions & { readonly blockErrors: number },
): PublishedGap {
  if (!(point.bler > 0 && point.bler < 1)) {
    throw invalid('bler', 'a probability between 0 and 1', String(point.bler));
  }
  const offsets = [-0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6];
  const maxBlocks = Math.ceil((2 * options.blockErrors) / point.bler);
  const curve = measureBlerCurve(
    { ...publishedCode(point), ...options, maxBlocks },
    offsets.map((offset) => point.snrDb + offset),
    rng,
  );
  return { point, gapDb: snrAtBler(curve, point.bler) - point.snrDb, curve };
}
