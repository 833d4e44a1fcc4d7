/** NR shared-channel coding: what the evaluator and the benches use. */
export {
  type CodeBlockBler,
  type CodeBlockPoint,
  measureBlerCurve,
  measureCodeBlockBler,
  snrAtBler,
} from './bler.js';
export {
  DEFAULT_MAX_ITERATIONS,
  DEFAULT_SCALES,
  LdpcDecoder,
  type LdpcDecoderOptions,
} from './ldpc-decoder.js';
export { largestMcs, type McsEntry, type McsTable, mcsEntry } from './mcs.js';
export {
  gapToPublished,
  PUBLISHED_POINTS,
  type PublishedGap,
  type PublishedPoint,
  publishedCode,
} from './published-bler.js';
export {
  codedBitsPerBlock,
  limitedBufferSize,
  type RedundancyVersion,
  startPosition,
} from './rate-matching.js';
export { type Segmentation, segmentation, selectBaseGraph } from './segmentation.js';
export {
  type CodedTransmission,
  type DecodedTransportBlock,
  type DecodeOptions,
  decodeTransportBlock,
  encodeTransportBlock,
  SoftBuffer,
} from './transport-block.js';
export {
  type AllocationSize,
  type LimitedBuffer,
  limitedBufferBits,
  resourceElements,
  transportBlockSize,
} from './transport-block-size.js';
