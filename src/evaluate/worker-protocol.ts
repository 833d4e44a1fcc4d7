import type { ErrorCode } from '../errors.js';
import type { Chunk } from './chunk.js';
import type { ReceiverSpec } from './receiver-spec.js';
import type { Tally } from './tally.js';

export interface WorkerSetup {
  readonly receivers: readonly ReceiverSpec[];
}

export type ToWorker = { readonly type: 'chunk'; readonly chunk: Chunk } | { readonly type: 'stop' };

/** One answer for the setup, then one for each chunk. */
export type FromWorker =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly tallies: readonly Tally[] }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string };
