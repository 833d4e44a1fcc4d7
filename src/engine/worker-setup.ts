import type { RepositoryModel } from './model-repository.js';
import type { ResolvedEngineOptions } from './options.js';
import { WorkerHandle, type WorkerThreadOptions } from './worker-handle.js';
import type { WorkerModel, WorkerSetup } from './worker-protocol.js';

/** What the workers of an engine start with. */
export function workerSetup(
  models: readonly RepositoryModel[],
  options: ResolvedEngineOptions,
  provider: 'cpu' | 'cuda',
  batchSizes: readonly number[],
): WorkerSetup {
  return {
    models: models.map(workerModel),
    provider,
    deviceId: options.deviceId,
    intraOpThreads: options.intraOpThreads,
    warmUpBatchSizes: batchSizes,
  };
}

/** What a worker needs of a model. */
export function workerModel({ key, bytes, signature, contract }: RepositoryModel): WorkerModel {
  return { key, bytes, signature, contract };
}

/** Powers of two up to `maxBatchGrids`, and that itself. */
export function warmUpBatchSizes(maxBatchGrids: number): readonly number[] {
  const sizes: number[] = [];
  for (let size = 1; size < maxBatchGrids; size *= 2) sizes.push(size);
  return [...sizes, maxBatchGrids];
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
