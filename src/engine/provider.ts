import { SpikingRxError } from '../errors.js';

/** What the operator asks for. `auto` takes CUDA when it works and the CPU otherwise. */
export type ProviderChoice = 'cpu' | 'cuda' | 'auto';

export interface ResolvedProvider {
  readonly provider: 'cpu' | 'cuda';
  /** Why `auto` ended on the CPU; absent when nothing fell back. */
  readonly fallbackReason?: string;
}

/** Facts of onnxruntime-node's `script/install`, which the project does not run at `npm ci`. */
export const CUDA_INSTALL_HINT =
  'CUDA needs Linux x64 with an NVIDIA driver, the CUDA 12 runtime and cuDNN 9 libraries on the loader path ' +
  '(LD_LIBRARY_PATH), and the provider files libonnxruntime_providers_cuda.so and ' +
  'libonnxruntime_providers_shared.so, which npm does not carry: fetch them with ' +
  '`ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install`; ' +
  'or start with --provider cpu';

/**
 * Settles the execution provider once, for all workers.
 * @param tryCuda loads a model with CUDA and runs it; rejects with the reason when that fails.
 * @throws SpikingRxError FAILED_PRECONDITION when `cuda` is asked for and does not work: says what to install.
 */
export async function resolveProvider(
  choice: ProviderChoice,
  tryCuda: () => Promise<void>,
): Promise<ResolvedProvider> {
  if (choice === 'cpu') return { provider: 'cpu' };
  try {
    await tryCuda();
    return { provider: 'cuda' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (choice === 'auto') return { provider: 'cpu', fallbackReason: `CUDA is not available: ${reason}` };
    throw new SpikingRxError(
      'FAILED_PRECONDITION',
      `provider cuda is not available: ${reason}. ${CUDA_INSTALL_HINT}`,
      { cause: error },
    );
  }
}
