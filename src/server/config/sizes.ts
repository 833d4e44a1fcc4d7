import { SUBCARRIERS_PER_RB, SYMBOLS_PER_SLOT } from '../../nr/shape.js';
import type { Config } from '../config-schema.js';

/** Bytes of one complex sample in the widest encoding (cf32_le). */
const SAMPLE_BYTES = 8;
/** Ids, field names, scales and protobuf framing. */
const BYTES_AROUND_A_GRID = 2048;

/**
 * Largest request in bytes: as many resource elements as a batch may hold, or one widest grid when that is
 * more, of `maxRx` antennas and the pilots in cf32_le.
 */
export function maxRequestBytes(config: Config): number {
  const widest = SYMBOLS_PER_SLOT * SUBCARRIERS_PER_RB * config.maxPrb;
  const elements = Math.max(widest, config.maxBatchResourceElements);
  return elements * (config.maxRx + 1) * SAMPLE_BYTES + config.maxGridsPerRequest * BYTES_AROUND_A_GRID;
}

/** The same in JSON: base64 makes four characters of three bytes. */
export function maxJsonBytes(config: Config): number {
  return Math.ceil((maxRequestBytes(config) * 4) / 3);
}

/** Most bytes of the LLRs of one answer: 8 bits (256QAM) for each resource element in f32. */
export function maxLlrBytes(config: Config): number {
  const widest = SYMBOLS_PER_SLOT * SUBCARRIERS_PER_RB * config.maxPrb;
  return Math.max(widest, config.maxBatchResourceElements) * 8 * 4;
}

/** Largest answer in bytes. */
export function maxResponseBytes(config: Config): number {
  return maxLlrBytes(config) + config.maxGridsPerRequest * BYTES_AROUND_A_GRID;
}
