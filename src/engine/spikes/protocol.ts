import type { ErrorCode, ErrorDetails } from '../../errors.js';
import type { TappedGrid } from './tapped-model.js';
import type { TappedRun } from './types.js';

/** A model as it was read: `RepositoryModel`. */
export interface SpikesModel {
  readonly key: string;
  readonly bytes: SharedArrayBuffer;
}

/** Main thread → worker, done in their order; `forget` releases a model if it is the one that is loaded. */
export type SpikesCommand =
  | { readonly type: 'run'; readonly model: SpikesModel; readonly grid: TappedGrid }
  | { readonly type: 'forget'; readonly key: string }
  | { readonly type: 'stop' };

/** Worker → main thread: the answer of one `run`. */
export type SpikesAnswer =
  | { readonly type: 'done'; readonly run: TappedRun }
  | {
      readonly type: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly details: Pick<ErrorDetails, 'field' | 'expected' | 'received'>;
    };
