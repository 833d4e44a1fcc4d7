import { invalid } from '../errors.js';
import { availableCores } from './cores.js';
import type { EngineObserver } from './observer.js';
import type { ProviderChoice } from './provider.js';

/** `none`: never; `poll`: with the folder; `explicit`: on `load` and `unload`. */
export type ModelControl = 'none' | 'poll' | 'explicit';

/** What an engine is started with. Everything but `modelsDir` has a default. */
export interface EngineOptions {
  /** Folder that holds `<name>/<version>/model.onnx`. */
  readonly modelsDir: string;
  /** Model of requests that name none. Default: the first by name, of those that take grids if any does. */
  readonly defaultModel?: string;
  /** Version of requests that name none, by model. Default: the highest that is served. */
  readonly defaultVersions?: ReadonlyMap<string, string>;
  /** Serve only the highest so many versions of each model that work, beside its default version. Default: all. */
  readonly maxModelVersions?: number;
  /** Largest model file that is loaded. Default 1 GiB. */
  readonly maxModelBytes?: number;
  /** How the set of models may change after the start. Default `none`. */
  readonly modelControl?: ModelControl;
  /** How often the folder is looked at with `poll`, in milliseconds. Default 5,000. */
  readonly modelPollMs?: number;
  /** Default `cpu`. */
  readonly provider?: ProviderChoice;
  /** CUDA device index; refused with provider `cpu`, where it could not take effect. Default 0. */
  readonly deviceId?: number;
  /** Worker threads. Default: one a core that is left to `intraOpThreads`; 1 with CUDA. */
  readonly workers?: number;
  /** Most JavaScript heap of a worker thread, in MiB; buffers and the runtime are outside of it. Default 256. */
  readonly workerHeapMb?: number;
  /** A batch that runs for longer, in milliseconds, is given up, and its worker replaced. Default 60,000. */
  readonly workerStallMs?: number;
  /** Threads inside one operator, for each worker. Default 1. */
  readonly intraOpThreads?: number;
  /** Most grids in a batch. Default 16. */
  readonly maxBatchGrids?: number;
  /**
   * Most resource elements (nSym·nSc, summed over the grids) in a batch; a single grid that is larger runs
   * alone. Default 262,144: 16 grids of 14 × 1,170.
   */
  readonly maxBatchResourceElements?: number;
  /**
   * How long, in milliseconds, a grid may wait for company while every worker is busy, before it is
   * sent as some worker's next batch. A free worker never waits. Default 2.
   */
  readonly maxQueueDelayMs?: number;
  /** So long after the last request for spikes their worker ends, in milliseconds. Default 60,000. */
  readonly spikesIdleMs?: number;
  /** Most grids inside the engine, waiting or running. Default 1,024. */
  readonly maxQueuedGrids?: number;
  /** Most bytes of requests inside the engine, as they came on the wire. Default 512 MiB. */
  readonly maxQueuedBytes?: number;
  /** Cores to share out. Default: measured (affinity and cgroup quota). */
  readonly cores?: number;
  /** Told about batches, requests and workers. */
  readonly observer?: EngineObserver;
}

export interface ResolvedEngineOptions
  extends Required<Omit<EngineOptions, 'defaultModel' | 'maxModelVersions' | 'observer' | 'workers'>> {
  readonly defaultModel: string | undefined;
  readonly maxModelVersions: number | undefined;
  readonly observer: EngineObserver;
  /** As asked for; the default depends on the provider that is found (see `workerCount`). */
  readonly workers: number | undefined;
}

const PROVIDERS: readonly string[] = ['cpu', 'cuda', 'auto'] satisfies ProviderChoice[];

/**
 * Fills in the defaults.
 * @throws SpikingRxError INVALID_ARGUMENT for a value out of range or one that could not take effect.
 */
export function resolveEngineOptions(options: EngineOptions): ResolvedEngineOptions {
  const resolved: ResolvedEngineOptions = {
    modelsDir: options.modelsDir,
    defaultModel: options.defaultModel,
    defaultVersions: options.defaultVersions ?? new Map<string, string>(),
    maxModelVersions: options.maxModelVersions,
    maxModelBytes: options.maxModelBytes ?? 2 ** 30,
    modelControl: options.modelControl ?? 'none',
    modelPollMs: options.modelPollMs ?? 5_000,
    provider: options.provider ?? 'cpu',
    deviceId: options.deviceId ?? 0,
    workers: options.workers,
    workerHeapMb: options.workerHeapMb ?? 256,
    workerStallMs: options.workerStallMs ?? 60_000,
    intraOpThreads: options.intraOpThreads ?? 1,
    maxBatchGrids: options.maxBatchGrids ?? 16,
    maxBatchResourceElements: options.maxBatchResourceElements ?? 2 ** 18,
    maxQueueDelayMs: options.maxQueueDelayMs ?? 2,
    spikesIdleMs: options.spikesIdleMs ?? 60_000,
    maxQueuedGrids: options.maxQueuedGrids ?? 1024,
    maxQueuedBytes: options.maxQueuedBytes ?? 512 * 2 ** 20,
    cores: options.cores ?? availableCores(),
    observer: options.observer ?? {},
  };
  validate(resolved);
  if (resolved.provider === 'cpu' && options.deviceId !== undefined) {
    throw invalid('deviceId', 'no value with provider cpu, where it has no effect', String(options.deviceId));
  }
  return resolved;
}

function validate(options: ResolvedEngineOptions): void {
  if (options.modelsDir === '') throw invalid('modelsDir', 'a folder', 'an empty string');
  if (!PROVIDERS.includes(options.provider)) {
    throw invalid('provider', PROVIDERS.join(', '), options.provider);
  }
  if (options.maxModelVersions !== undefined) requireWhole('maxModelVersions', options.maxModelVersions, 1);
  requireWhole('maxModelBytes', options.maxModelBytes, 1);
  requireWhole('modelPollMs', options.modelPollMs, 1);
  requireWhole('deviceId', options.deviceId, 0);
  requireWhole('workerHeapMb', options.workerHeapMb, 16);
  requireWhole('workerStallMs', options.workerStallMs, 1);
  requireWhole('intraOpThreads', options.intraOpThreads, 1);
  requireWhole('maxBatchGrids', options.maxBatchGrids, 1);
  requireWhole('maxBatchResourceElements', options.maxBatchResourceElements, 1);
  requireWhole('spikesIdleMs', options.spikesIdleMs, 1);
  requireWhole('maxQueuedGrids', options.maxQueuedGrids, 1);
  requireWhole('maxQueuedBytes', options.maxQueuedBytes, 1);
  requireWhole('cores', options.cores, 1);
  if (!(options.maxQueueDelayMs >= 0 && options.maxQueueDelayMs <= 60_000)) {
    throw invalid('maxQueueDelayMs', 'milliseconds from 0 to 60000', String(options.maxQueueDelayMs));
  }
  if (options.workers !== undefined) requireWhole('workers', options.workers, 1);
  const threads = (options.workers ?? 1) * options.intraOpThreads;
  if (threads > options.cores) {
    throw invalid(
      options.workers === undefined ? 'intraOpThreads' : 'workers',
      `workers × intraOpThreads of at most ${options.cores}, the cores available here`,
      `${options.workers ?? 1} × ${options.intraOpThreads}`,
    );
  }
}

/** Workers to start on the provider that was found. A GPU is one device: one worker keeps it fed. */
export function workerCount(options: ResolvedEngineOptions, provider: 'cpu' | 'cuda'): number {
  if (options.workers !== undefined) return options.workers;
  return provider === 'cuda' ? 1 : Math.max(1, Math.floor(options.cores / options.intraOpThreads));
}

function requireWhole(field: string, value: number, minimum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw invalid(field, `a whole number of at least ${minimum}`, String(value));
}
