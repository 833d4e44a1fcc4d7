import type { ErrorCode } from '../errors.js';
import type { RequestTerms } from './types.js';
import type { RefusalKind } from './model-refusal.js';
import type { LlrMagnitudes } from './llr-quality.js';
import type { SpikesTiming } from './spikes/types.js';
import type { Priority } from './types.js';

interface BatchEvent {
  readonly model: string;
  readonly version: string;
  /** Index of the worker, from 0. */
  readonly worker: number;
  readonly grids: number;
  /** Most grids that a batch of their shape may hold. */
  readonly capacity: number;
  /** nSym·nSc, summed over the grids. */
  readonly resourceElements: number;
  /** Of its grids; one list for both events of a batch. */
  readonly requests: readonly RequestTerms[];
}

export type BatchDispatchedEvent = BatchEvent;

export interface BatchCompletedEvent extends BatchEvent {
  readonly outcome: 'ok' | 'failed' | 'worker_lost';
  /** Time around the runtime's `run`, in milliseconds; 0 unless `ok`. */
  readonly computeMs: number;
  /** Of its LLRs; undefined without any. */
  readonly magnitudes?: LlrMagnitudes | undefined;
}

/** Every grid that was queued ends in exactly one of these; what `compute` refuses at once is not queued. */
export interface GridFinishedEvent {
  readonly model: string;
  readonly version: string;
  readonly outcome: 'OK' | ErrorCode;
  readonly request: RequestTerms;
  /** On the `performance.now()` clock. */
  readonly enqueuedMs: number;
  /** Milliseconds in the queue: to the batch, or to the end when it never reached one. */
  readonly queueMs: number;
  /** 0 when it never ran. */
  readonly computeMs: number;
  /** 0 when it never reached a batch. */
  readonly batchSize: number;
  /** Of an urgent one that was sent: what was expected to be left to its deadline then. */
  readonly slackMs?: number | undefined;
  readonly priority: Priority;
}

/** Spikes were shown. */
export interface SpikesShownEvent {
  readonly model: string;
  readonly version: string;
  readonly timing: SpikesTiming;
  /** Share of the neurons that fired in a time step, on average over the steps; of the layers asked for. */
  readonly firingRates: readonly { readonly layer: string; readonly rate: number }[];
}

export interface WorkerEvent {
  readonly worker: number;
  readonly reason: string;
}

interface ModelEvent {
  readonly model: string;
  readonly version: string;
}

/** A version serves from now on. */
export interface ModelLoadedEvent extends ModelEvent {
  readonly sha256: string;
  /** Why it serves tensors only; undefined where it fits the contract. */
  readonly misfit: string | undefined;
  /** From reading the file to the last worker, in milliseconds; undefined for those of the start. */
  readonly loadMs: number | undefined;
}

export interface ModelRefusedEvent extends ModelEvent {
  readonly kind: RefusalKind;
  readonly reason: string;
  /** The version goes on as it was before its files changed. */
  readonly stillServes: boolean;
}

export interface ModelUnloadedEvent extends ModelEvent {
  readonly reason: string;
}

/**
 * What an engine tells about itself, so that metrics and logs live outside it. Called on the main thread,
 * synchronously; what a callback throws is reported as a process warning and otherwise ignored.
 */
export interface EngineObserver {
  batchDispatched?(event: BatchDispatchedEvent): void;
  batchCompleted?(event: BatchCompletedEvent): void;
  gridFinished?(event: GridFinishedEvent): void;
  spikesShown?(event: SpikesShownEvent): void;
  /** A worker died or failed to start; a replacement follows. */
  workerLost?(event: WorkerEvent): void;
  /** The replacement of a lost worker is warm and takes batches. */
  workerRestarted?(event: WorkerEvent): void;
  modelLoaded?(event: ModelLoadedEvent): void;
  modelRefused?(event: ModelRefusedEvent): void;
  modelUnloaded?(event: ModelUnloadedEvent): void;
  /** The models folder cannot be followed for now; what is served stays. */
  repositoryUnreadable?(event: { readonly reason: string }): void;
}

type EventOf<K extends keyof EngineObserver> = Parameters<NonNullable<EngineObserver[K]>>[0];

/** Calls one hook of `observer`, shielding the engine from what it throws. */
export function notify<K extends keyof EngineObserver>(
  observer: EngineObserver,
  hook: K,
  event: EventOf<K>,
): void {
  try {
    const callback = observer[hook] as ((event: EventOf<K>) => void) | undefined;
    callback?.call(observer, event);
  } catch (error) {
    process.emitWarning(`engine observer ${hook} threw: ${String(error)}`);
  }
}
