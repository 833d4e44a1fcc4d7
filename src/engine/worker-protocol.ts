import type { ErrorCode } from '../errors.js';
import type { BatchLayout } from './batch-layout.js';
import type { CheckedModel } from './model-check.js';
import type { Refusal } from './model-refusal.js';
import type { LlrMagnitudes, LlrQuality } from './llr-quality.js';

/** A model as every worker loads it, from the very bytes whose hash is reported. */
export interface WorkerModel extends CheckedModel {
  /** Of this reading of the file: `RepositoryModel.key`. */
  readonly key: string;
  readonly bytes: SharedArrayBuffer;
}

/** `workerData` of a worker thread. */
export interface WorkerSetup {
  readonly models: readonly WorkerModel[];
  readonly provider: 'cpu' | 'cuda';
  readonly deviceId: number;
  readonly intraOpThreads: number;
  /** Largest batch: every model is tried up to this size before it serves. */
  readonly maxBatchGrids: number;
}

/**
 * Main thread → worker. Batches run in the order they arrive; `stop` ends the thread after those before it.
 * `load` goes on between batches, `unload` is done after the batches before it.
 */
export type MainMessage =
  | BatchMessage
  | { readonly type: 'load'; readonly changeId: number; readonly model: WorkerModel }
  | { readonly type: 'unload'; readonly changeId: number; readonly key: string }
  | { readonly type: 'stop' };

/** Models a worker could not load, with the reasons. */
export type RefusedInWorker = readonly ({ readonly key: string } & Refusal)[];

export interface BatchMessage {
  readonly type: 'batch';
  readonly batchId: number;
  readonly modelKey: string;
  readonly layout: BatchLayout;
  /** Shared memory that holds the rows as `layout` says. */
  readonly memory: SharedArrayBuffer;
}

export interface RowFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** One output of a row, without batch axis. The `bytes` of a batch are views of one buffer, which is transferred. */
export interface RowAnswer {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of LLRs. */
  readonly quality?: LlrQuality;
}

/** What the session made of a batch. */
export interface BatchAnswer {
  readonly computeMs: number;
  readonly rows: readonly RowOutcome[];
  /** Of all its LLRs; undefined without any. */
  readonly magnitudes: LlrMagnitudes | undefined;
}

export type RowOutcome =
  /** In the order of the outputs that the row wanted. */
  | { readonly ok: true; readonly tensors: readonly RowAnswer[] }
  | { readonly ok: false; readonly failure: RowFailure };

/** Worker → main thread. */
export type WorkerMessage =
  | { readonly type: 'ready'; readonly refused: RefusedInWorker }
  | {
      readonly type: 'changed';
      readonly changeId: number;
      /** Why a model was not loaded. */
      readonly refusal: Refusal | undefined;
    }
  | ({ readonly type: 'done'; readonly batchId: number } & BatchAnswer)
  | { readonly type: 'failed'; readonly batchId: number; readonly failure: RowFailure };
