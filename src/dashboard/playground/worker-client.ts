/** The page's end of the worker. */
import { SpikingRxError } from '../../errors.js';
import type { Reply, TaskName, Tasks } from './worker-messages.js';

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Starts with the first question, so that a page whose playground nobody opens has none. */
export class PlayWorker {
  #worker: Worker | undefined;
  #next = 0;
  readonly #waiting = new Map<number, Waiting>();

  /** @throws INVALID_ARGUMENT as the worker found it; INTERNAL for anything else. */
  async ask<T extends TaskName>(task: T, question: Tasks[T]['question']): Promise<Tasks[T]['answer']> {
    this.#worker ??= this.#start();
    const worker = this.#worker;
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // Nothing is handed over: both ends keep what they have.
      worker.postMessage({ id, task, question }, []);
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => this.#settle(data));
    worker.addEventListener('error', () => {
      // It did not load, or broke: the next question starts another.
      for (const { reject } of this.#waiting.values())
        reject(new SpikingRxError('INTERNAL', 'the simulation did not run'));
      this.#waiting.clear();
      worker.terminate();
      this.#worker = undefined;
    });
    return worker;
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (waiting === undefined) return;
    if ('answer' in reply) waiting.resolve(reply.answer as never);
    else waiting.reject(errorOf(reply));
  }
}

function errorOf({ error, field }: Extract<Reply, { error: string }>): SpikingRxError {
  return field === undefined
    ? new SpikingRxError('INTERNAL', error)
    : new SpikingRxError('INVALID_ARGUMENT', error, { field });
}
