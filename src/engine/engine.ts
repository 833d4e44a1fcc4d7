import { LlrEngine } from './llr-engine.js';
import { ModelLifecycle } from './model-lifecycle.js';
import {
  type EngineOptions,
  type ResolvedEngineOptions,
  resolveEngineOptions,
  workerCount,
} from './options.js';
import { type ResolvedProvider, resolveProvider } from './provider.js';
import { requireModels } from './require-models.js';
import type { SpikesRequest, SpikesResult } from './spikes/types.js';
import type { LlrService, ModelRepository, Permit } from './types.js';
import { tryCuda, workerSetup } from './worker-setup.js';

/** Gauges, read at any time. */
export interface EngineStats {
  /** Grids and bytes that hold a permit. */
  readonly admittedGrids: number;
  readonly admittedBytes: number;
  /** Largest part of the admitted grids that one client holds, 0 … 1. */
  readonly largestClientShare: number;
  /** Grids in the queue, not yet in a batch. */
  readonly waitingGrids: number;
  /** Those of high priority among them. */
  readonly waitingHighGrids: number;
  /** How long the oldest of them has waited, in milliseconds; 0 when there is none. */
  readonly oldestWaitMs: number;
  /** Grids without an answer, in the queue or in a batch. */
  readonly unansweredGrids: number;
  /** Batches sent to workers: running or prepared. */
  readonly batchesInFlight: number;
  readonly workers: number;
  readonly liveWorkers: number;
  /** Requests for spikes that hold a permit. */
  readonly spikesRequests: number;
  /** Threads that compute spikes: 1 while they are asked for and for a while after, else 0. */
  readonly spikesWorkers: number;
}

export interface StartProgress {
  /** Workers that have loaded, run and proved every model. */
  readonly warmWorkers: number;
  readonly workers: number;
}

export interface DrainReport {
  /** Requests that got UNAVAILABLE because time ran out; 0 when all were served. */
  readonly abandoned: number;
}

export interface Engine extends LlrService {
  /** The execution provider in use and, where `auto` fell back to the CPU, why. */
  readonly provider: ResolvedProvider;
  /** Undefined when none is set and nothing is served. */
  readonly defaultModel: string | undefined;
  /** What is served, and changes to it. */
  readonly repository: ModelRepository;
  /** Effective options; `workers` is the number started. */
  readonly options: ResolvedEngineOptions & { readonly workers: number };
  readonly stats: EngineStats;
  /** How far the start has come; undefined once it is over. Until then calls are answered with UNAVAILABLE. */
  readonly starting: StartProgress | undefined;
  /** Takes room for a request for spikes, of which there is little. @throws QUEUE_FULL with `retryAfterMs`. */
  admitSpikes(client: string): Permit;
  /**
   * What happens inside the spiking layers while a grid's LLRs are computed: the LLRs of `compute` on the CPU, and the
   * spikes behind them. Apart from the workers that serve. The caller holds a permit of `admitSpikes`, and releases it when
   * the answer is out.
   * @throws SpikingRxError as `compute` does; FAILED_PRECONDITION for a model without
   *   spiking layers, INVALID_ARGUMENT for a layer that it does not have, PAYLOAD_TOO_LARGE for more than wanted.
   */
  spikes(request: SpikesRequest): Promise<SpikesResult>;
  /**
   * Admits nothing more, waits until what was admitted is answered and its permits are back, for at most
   * `timeoutMs`; then answers the rest with UNAVAILABLE.
   */
  drain(timeoutMs: number): Promise<DrainReport>;
  /** Answers what is left with UNAVAILABLE and ends the workers. Idempotent. */
  close(): Promise<void>;
}

/** For tests: another worker entry in place of the runtime's. */
export interface EngineInternals {
  readonly workerUrl?: URL;
  /** Likewise, of the worker for spikes. */
  readonly spikesWorkerUrl?: URL;
}

/** An engine that knows its models and its provider; its workers are not up yet. */
export interface PreparedEngine {
  readonly engine: Engine;
  /** Most antennas that a model takes. */
  readonly maxRx: number;
  /**
   * Starts and warms the workers.
   * @throws SpikingRxError FAILED_PRECONDITION when no model can be served and none could come later; INTERNAL when a
   *   worker does not start. The engine is closed then.
   */
  start(): Promise<void>;
}

/** Prepares an engine and starts it. @throws SpikingRxError as both do. */
export async function createEngine(options: EngineOptions, internals: EngineInternals = {}): Promise<Engine> {
  const prepared = await prepareEngine(options, internals);
  await prepared.start();
  return prepared.engine;
}

/**
 * Reads the models and settles the provider, which is quick; starting is not.
 * @throws SpikingRxError INVALID_ARGUMENT for a bad option; FAILED_PRECONDITION when no model can be served
 *   and none could come later, or `cuda` is asked for and not there.
 */
export async function prepareEngine(
  options: EngineOptions,
  internals: EngineInternals = {},
): Promise<PreparedEngine> {
  const resolved = resolveEngineOptions(options);
  const workerUrl = internals.workerUrl ?? new URL('./worker.js', import.meta.url);
  const spikesWorkerUrl = internals.spikesWorkerUrl ?? new URL('./spikes/worker.js', import.meta.url);
  const lifecycle = new ModelLifecycle(resolved);
  const models = await lifecycle.readInitial();
  requireModels(resolved, models, lifecycle);
  const provider = await resolveProvider(resolved.provider, async () => {
    const setup = workerSetup(models, { ...resolved, maxBatchGrids: 1 }, 'cuda');
    await tryCuda({ workerUrl, setup, heapMb: resolved.workerHeapMb, stallMs: resolved.workerStallMs });
  });
  const effective = { ...resolved, workers: workerCount(resolved, provider.provider) };
  const setup = workerSetup(models, resolved, provider.provider);
  const engine = new LlrEngine({
    options: effective,
    provider,
    lifecycle,
    setup,
    workerUrl,
    spikesWorkerUrl,
  });
  const maxRx = Math.max(0, ...models.map(({ contract }) => contract?.nRx ?? 0));
  return { engine, maxRx, start: async () => engine.start(models) };
}
