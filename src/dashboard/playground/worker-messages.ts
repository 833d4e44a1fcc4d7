/** What page and worker say to each other. */
import type { RawFormat } from '../../dumps/raw-iq.js';
import type { DroppedFile, FileKind } from './dropped-files.js';
import type { Setup } from './setup.js';
import type { PlaySlot } from './slots.js';

/** Each question and its answer. */
export interface Tasks {
  readonly simulate: { readonly question: Setup; readonly answer: PlaySlot };
  /** Reads files, which stay in the worker until others come. */
  readonly open: {
    readonly question: { readonly files: readonly DroppedFile[]; readonly raw?: RawFormat };
    readonly answer: FileFacts;
  };
  /** One slot of the files that are open. */
  readonly pick: { readonly question: number; readonly answer: PlaySlot };
}
export type TaskName = keyof Tasks;

export interface FileFacts {
  readonly kind: FileKind;
  /** Names of the slots. */
  readonly slots: readonly string[];
  readonly nRx: number;
  readonly modulation: string;
  readonly nPrb: number;
}

export type Question = {
  [T in TaskName]: { readonly id: number; readonly task: T; readonly question: Tasks[T]['question'] };
}[TaskName];

export type Reply =
  | { readonly id: number; readonly answer: Tasks[TaskName]['answer'] }
  /** `field` is that of an INVALID_ARGUMENT; the message names it. */
  | { readonly id: number; readonly error: string; readonly field?: string };
