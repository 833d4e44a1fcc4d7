import type { ErrorCode } from '../errors.js';
import type { BatchRow, BatchShape } from './batch-layout.js';

/** A model as every worker loads it, from the very bytes whose hash is reported. */
export interface WorkerModel {
  /** `<name>/<version>`. */
  readonly key: string;
  readonly bytes: SharedArrayBuffer;
  readonly nRx: number;
  readonly bitsPerSymbol: number;
  /** Grid of the warm-up runs: the model's own sizes where it fixes them, small ones elsewhere. */
  readonly warmUpShape: { readonly nSym: number; readonly nSc: number };
}

/** `workerData` of a worker thread. */
export interface WorkerSetup {
  readonly models: readonly WorkerModel[];
  readonly provider: 'cpu' | 'cuda';
  readonly deviceId: number;
  readonly intraOpThreads: number;
  /** Batch sizes run once before `ready`. */
  readonly warmUpBatchSizes: readonly number[];
}

/** Main thread → worker. Batches run in the order they arrive; `stop` ends the thread after those before it. */
export type MainMessage = BatchMessage | { readonly type: 'stop' };

export interface BatchMessage {
  readonly type: 'batch';
  readonly batchId: number;
  readonly modelKey: string;
  readonly shape: BatchShape;
  /** Shared memory that holds the rows, laid out by batch-layout. */
  readonly memory: SharedArrayBuffer;
  readonly rows: readonly BatchRow[];
}

export interface RowFailure {
  readonly code: ErrorCode;
  readonly message: string;
}

/** One row's answer. The `bytes` of a batch are views of one buffer, which is transferred. */
export type RowOutcome =
  | { readonly ok: true; readonly shape: readonly number[]; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly failure: RowFailure };

/** Worker → main thread. */
export type WorkerMessage =
  | { readonly type: 'ready'; readonly refused: readonly { readonly key: string; readonly reason: string }[] }
  | {
      readonly type: 'done';
      readonly batchId: number;
      readonly computeMs: number;
      readonly rows: readonly RowOutcome[];
    }
  | { readonly type: 'failed'; readonly batchId: number; readonly failure: RowFailure };
