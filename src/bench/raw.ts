import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { BenchShape } from './options.js';

export interface RawCommand {
  readonly shape: BenchShape;
  readonly batch: number;
  readonly seconds: number;
  readonly warmUpRuns: number;
}

export interface RawReply {
  readonly grids: number;
  readonly milliseconds: number;
}

export interface RawFigures {
  /** Of all threads together. */
  readonly gridsPerSecond: number;
  /** Time of one batch on one thread while all threads are busy, milliseconds. */
  readonly batchMs: number;
}

/** onnxruntime-node alone, one session in each of several worker threads: what the service is measured against. */
export class RawRuntime {
  private constructor(private readonly threads: readonly Worker[]) {}

  static async start(modelFile: string, threads: number): Promise<RawRuntime> {
    const workers = Array.from(
      { length: threads },
      () => new Worker(new URL('./raw-worker.js', import.meta.url), { workerData: { modelFile } }),
    );
    await Promise.all(workers.map(async (worker) => once(worker, 'message')));
    return new RawRuntime(workers);
  }

  /** @param threads how many of the threads run; all when left out */
  async measure(command: RawCommand, threads = this.threads.length): Promise<RawFigures> {
    const replies = await Promise.all(
      this.threads.slice(0, threads).map(async (worker) => {
        const reply = once(worker, 'message') as Promise<[RawReply]>;
        worker.postMessage(command, []);
        return (await reply)[0];
      }),
    );
    const rates = replies.map(({ grids, milliseconds }) => grids / milliseconds);
    const perMs = rates.reduce((sum, rate) => sum + rate, 0);
    return { gridsPerSecond: 1000 * perMs, batchMs: (command.batch * replies.length) / perMs };
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map(async (worker) => worker.terminate()));
  }
}
