import type { UsedShape } from './model-check.js';
import type { RepositoryModel } from './model-repository.js';
import type { ResolvedEngineOptions } from './options.js';
import { WorkerHandle, type WorkerThreadOptions } from './worker-handle.js';
import type { WorkerModel, WorkerSetup } from './worker-protocol.js';

/** What the workers of an engine start with. */
export function workerSetup(
  models: readonly RepositoryModel[],
  options: ResolvedEngineOptions,
  provider: 'cpu' | 'cuda',
): WorkerSetup {
  return {
    models: models.map((model) => workerModel(model)),
    provider,
    deviceId: options.deviceId,
    intraOpThreads: options.intraOpThreads,
    maxBatchGrids: options.maxBatchGrids,
  };
}

/** What a worker needs of a model. */
export function workerModel(
  { key, bytes, signature, contract, golden }: RepositoryModel,
  usedShapes: readonly UsedShape[] = [],
): WorkerModel {
  return { key, bytes, signature, contract, golden, usedShapes };
}

/** Rejects with the reason unless a worker loads and runs at least one model with CUDA. */
export async function tryCuda(options: WorkerThreadOptions): Promise<void> {
  const worker = new WorkerHandle(0, options);
  try {
    const refused = await worker.ready;
    if (refused.length === options.setup.models.length)
      throw new Error(refused[0]?.reason ?? 'there is no model to try');
  } finally {
    await worker.terminate();
  }
}
