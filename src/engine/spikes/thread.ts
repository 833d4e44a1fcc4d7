import { Worker } from 'node:worker_threads';
import { SpikingRxError } from '../../errors.js';
import type { SpikesAnswer, SpikesCommand, SpikesModel } from './protocol.js';
import type { TappedGrid } from './tapped-model.js';
import type { TappedRun } from './types.js';

/** Longest wait for a running grid when the thread is to end. */
const STOP_LIMIT_MS = 10_000;

export interface SpikesThreadOptions {
  readonly workerUrl: URL;
  /** Most JavaScript heap of the thread, in MiB. */
  readonly heapMb: number;
  /** A grid that takes longer, the loading of its model included, is given up, and the thread with it; milliseconds. */
  readonly stallMs: number;
}

interface Running {
  readonly resolve: (run: TappedRun) => void;
  readonly reject: (error: SpikingRxError) => void;
}

/** The main thread's side of the worker thread for spikes. */
export class SpikesThread {
  private readonly thread: Worker;
  private readonly exited: Promise<void>;
  private readonly stallMs: number;
  private running: Running | undefined;
  private stallTimer: NodeJS.Timeout | undefined;
  private lastError: string | undefined;
  private alive = true;
  private gone = false;

  constructor({ workerUrl, heapMb, stallMs }: SpikesThreadOptions) {
    this.stallMs = stallMs;
    this.thread = new Worker(workerUrl, {
      name: 'spikingrx-spikes',
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
    });
    this.exited = new Promise((resolve) => {
      this.thread.once('exit', () => {
        this.gone = true;
        this.lose(this.lastError ?? 'it exited');
        resolve();
      });
    });
    this.thread.on('error', (error) => {
      this.lastError = error instanceof Error ? error.message : String(error);
    });
    this.thread.on('message', (answer: SpikesAnswer) => this.settle(answer));
  }

  /** False once it takes no grid any more: it has ended, or a grid did not return. */
  get usable(): boolean {
    return this.alive;
  }

  /** A run did not return, and has not returned since. */
  get stuck(): boolean {
    return !this.alive && !this.gone;
  }

  /** One grid at a time. @throws SpikingRxError of the grid, or INTERNAL when the thread ends or is given up. */
  async run(model: SpikesModel, grid: TappedGrid): Promise<TappedRun> {
    // Copies of their own: their memory may be part of something larger, which a message would carry along.
    const [rxGrid, dmrs, dataMask] = [grid.rxGrid.slice(), grid.dmrs.slice(), grid.dataMask.slice()];
    const buffers = [rxGrid.buffer, dmrs.buffer, dataMask.buffer];
    const { shape, format, wanted } = grid;
    const own: TappedGrid = { shape, rxGrid, dmrs, dataMask, format, wanted };
    return new Promise((resolve, reject) => {
      this.running = { resolve, reject };
      this.stallTimer = setTimeout(() => this.giveUp(), this.stallMs);
      this.send({ type: 'run', model: { key: model.key, bytes: model.bytes }, grid: own }, buffers);
    });
  }

  /** Releases a model after the grids before. */
  forget(key: string): void {
    this.send({ type: 'forget', key });
  }

  /**
   * Ends the thread once the grid in it is done. The runtime aborts the whole process when its thread is terminated in
   * the middle of a run, so that is left for a run that never returns.
   */
  async stop(): Promise<void> {
    this.alive = false;
    this.send({ type: 'stop' });
    const limit = setTimeout(() => void this.thread.terminate(), STOP_LIMIT_MS);
    await this.exited;
    clearTimeout(limit);
  }

  private send(command: SpikesCommand, transferred: readonly ArrayBuffer[] = []): void {
    this.thread.postMessage(command, transferred);
  }

  private settle(answer: SpikesAnswer): void {
    const { running } = this;
    this.running = undefined;
    clearTimeout(this.stallTimer);
    if (answer.type === 'done') running?.resolve(answer.run);
    else running?.reject(new SpikingRxError(answer.code, answer.message, answer.details));
  }

  private lose(reason: string): void {
    this.alive = false;
    // The reason may name files: it is for the log.
    this.fail('the worker for spikes ended before it had an answer', new Error(reason));
  }

  /** It is left to itself, and ends when the run returns, if ever. */
  private giveUp(): void {
    this.alive = false;
    this.send({ type: 'stop' });
    this.thread.unref();
    this.fail(`the spikes were not there within ${this.stallMs} ms; their worker was given up`);
  }

  private fail(message: string, cause?: Error): void {
    clearTimeout(this.stallTimer);
    this.running?.reject(new SpikingRxError('INTERNAL', message, { cause }));
    this.running = undefined;
  }
}
