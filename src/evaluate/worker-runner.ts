import { Worker } from 'node:worker_threads';
import { SpikingRxError } from '../errors.js';
import type { Chunk, ChunkRunner } from './chunk.js';
import type { ReceiverSpec } from './receiver-spec.js';
import type { Tally } from './tally.js';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-protocol.js';

/** One thread; it answers one message at a time. */
class ChunkWorker {
  private readonly thread: Worker;
  private readonly ended: Promise<void>;
  private waiting: { resolve(message: FromWorker): void; reject(error: Error): void } | undefined;

  constructor(setup: WorkerSetup) {
    this.thread = new Worker(new URL('./worker.js', import.meta.url), { workerData: setup });
    this.thread.on('message', (message: FromWorker) => this.waiting?.resolve(message));
    this.thread.on('error', (error) =>
      this.waiting?.reject(error instanceof Error ? error : new Error(String(error))),
    );
    this.ended = new Promise((resolve) => {
      this.thread.once('exit', () => {
        this.waiting?.reject(new SpikingRxError('INTERNAL', 'a worker thread of the evaluation ended'));
        resolve();
      });
    });
  }

  /** The next answer, after sending `message` if there is one. */
  async ask(message?: ToWorker): Promise<FromWorker> {
    const answer = await new Promise<FromWorker>((resolve, reject) => {
      this.waiting = { resolve, reject };
      if (message !== undefined) this.thread.postMessage(message, []);
    });
    if (answer.type === 'failed') throw new SpikingRxError(answer.code, answer.message);
    return answer;
  }

  /** By message: the runtime aborts the process when a thread is terminated in the middle of a run. */
  async stop(): Promise<void> {
    this.thread.postMessage({ type: 'stop' } satisfies ToWorker, []);
    await this.ended;
  }
}

/**
 * Runs chunks in `workers` threads, each with its own receivers.
 * @throws what opening a receiver throws.
 */
export async function workerRunner(
  receivers: readonly ReceiverSpec[],
  workers: number,
): Promise<ChunkRunner> {
  const threads = Array.from({ length: workers }, () => new ChunkWorker({ receivers }));
  const close = async (): Promise<void> => {
    await Promise.all(threads.map((thread) => thread.stop()));
  };
  const ready = await Promise.allSettled(threads.map((thread) => thread.ask()));
  const failure = ready.find((outcome) => outcome.status === 'rejected');
  if (failure) {
    await close();
    throw failure.reason;
  }
  const idle = [...threads];
  const run = async (chunk: Chunk): Promise<readonly Tally[]> => {
    const thread = idle.pop();
    if (thread === undefined) throw new SpikingRxError('INTERNAL', `more than ${workers} chunks at a time`);
    try {
      const answer = await thread.ask({ type: 'chunk', chunk });
      return answer.type === 'done' ? answer.tallies : [];
    } finally {
      idle.push(thread);
    }
  };
  return { names: receivers.map(({ name }) => name), capacity: workers, run, close };
}
