import { Type } from 'typebox';
import { integer } from './kinds.js';

/** What computes, and how grids share a batch. */
export const computeSettings = {
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
  workerHeapMb: integer(
    'Most JavaScript heap of a worker thread in MiB; buffers and the runtime are outside of it',
    {
      default: 256,
      minimum: 16,
      maximum: 1_048_576,
    },
  ),
  workerStallMs: integer('A batch that runs for longer is given up, and its worker replaced', {
    default: 60_000,
    minimum: 1,
    maximum: 3_600_000,
  }),
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
};
