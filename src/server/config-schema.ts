import { fileURLToPath } from 'node:url';
import { Type, type Static } from 'typebox';
import { SUBCARRIERS_PER_RB, SYMBOLS_PER_SLOT } from '../nr/shape.js';

const MEBIBYTE = 2 ** 20;
const integer = (description: string, range: { default?: number; minimum: number; maximum: number }) =>
  Type.Integer({ description, ...range });

/** `models/` of the package. */
const PACKAGE_MODELS = fileURLToPath(new URL('../../models', import.meta.url));

/**
 * Every setting of the service, once: the type, the checks, the defaults, the command-line flags, the
 * environment variables and the help are all derived from this schema. Durations are milliseconds.
 */
export const ConfigSchema = Type.Object(
  {
    host: Type.String({ description: 'Address to listen on', default: '0.0.0.0', minLength: 1 }),
    httpPort: integer('HTTP port; 0 takes a free one', { default: 8000, minimum: 0, maximum: 65535 }),
    grpcPort: integer('gRPC port; 0 takes a free one', { default: 8001, minimum: 0, maximum: 65535 }),
    modelsDir: Type.String({
      description: 'Folder that holds <name>/<version>/model.onnx',
      default: PACKAGE_MODELS,
      minLength: 1,
    }),
    defaultModel: Type.Optional(
      Type.String({
        description: 'Model of requests that name none (default: the first by name)',
        minLength: 1,
      }),
    ),
    provider: Type.Enum(['cpu', 'cuda', 'auto'], {
      description: 'Execution provider: cpu, cuda, or auto (cuda when it works, cpu otherwise)',
      default: 'cpu',
    }),
    deviceId: Type.Optional(
      integer('CUDA device index; only with provider cuda or auto', { minimum: 0, maximum: 1023 }),
    ),
    workers: Type.Optional(
      integer('Worker threads (default: one a core on the CPU, one on a GPU)', { minimum: 1, maximum: 1024 }),
    ),
    intraOpThreads: integer('Threads inside one operator, for each worker', {
      default: 1,
      minimum: 1,
      maximum: 1024,
    }),
    maxBatchGrids: integer('Most grids in a batch', { default: 16, minimum: 1, maximum: 4096 }),
    maxBatchResourceElements: integer(
      'Most resource elements (symbols x subcarriers, summed) in a batch; bounds the size of a request too',
      { default: 262_144, minimum: 12, maximum: 2 ** 30 },
    ),
    maxQueueDelayMs: Type.Number({
      description: 'How long a grid may wait for company while every worker is busy',
      default: 2,
      minimum: 0,
      maximum: 60_000,
    }),
    maxQueuedGrids: integer('Most grids inside the service, waiting or running', {
      default: 1024,
      minimum: 1,
      maximum: 2 ** 30,
    }),
    maxQueuedBytes: integer('Most bytes of requests inside the service', {
      default: 512 * MEBIBYTE,
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
    }),
    maxGridsPerRequest: integer('Most grids in one request or stream message', {
      default: 64,
      minimum: 1,
      maximum: 4096,
    }),
    maxPrb: integer('Widest grid taken, in resource blocks of 12 subcarriers', {
      default: 273,
      minimum: 1,
      maximum: 273,
    }),
    maxRx: integer('Most receive antennas reckoned with in the size limit of a request', {
      default: 4,
      minimum: 1,
      maximum: 256,
    }),
    maxInFlightPerStream: integer('Most unanswered grids on one gRPC stream before it is no longer read', {
      default: 256,
      minimum: 1,
      maximum: 2 ** 20,
    }),
    requestTimeoutMs: integer('Longest time a grid may take; a request may ask for less', {
      default: 30_000,
      minimum: 1,
      maximum: 3_600_000,
    }),
    drainDelayMs: integer('After SIGTERM: how long to go on serving while not ready', {
      default: 500,
      minimum: 0,
      maximum: 3_600_000,
    }),
    shutdownTimeoutMs: integer('After the drain delay: how long requests in flight may take', {
      default: 10_000,
      minimum: 0,
      maximum: 3_600_000,
    }),
    logLevel: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      description: 'Least severe log lines to write',
      default: 'info',
    }),
    logPretty: Type.Boolean({ description: 'Log for people instead of JSON lines', default: false }),
  },
  { additionalProperties: false },
);

/** The settings in effect. */
export type Config = Readonly<Static<typeof ConfigSchema>>;
export type ConfigKey = keyof Config;

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
