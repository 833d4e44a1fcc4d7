import { Worker } from 'node:worker_threads';
import { SpikingRxError } from '../errors.js';
import { layOutBatch, writeBatch } from './batch-layout.js';
import type { Row, RunnableModel } from './row.js';
import { ModelRefusedError, type Refusal } from './model-refusal.js';
import type {
  BatchAnswer,
  BatchMessage,
  MainMessage,
  RefusedInWorker,
  WorkerMessage,
  WorkerModel,
  WorkerSetup,
} from './worker-protocol.js';

/** A loading that takes longer than so many of the slowest batches is given up, as one of those is. */
const LOAD_STALLS = 10;
/** Longest wait for a running batch when the thread is to end. */
const STOP_LIMIT_MS = 10_000;

/** A worker thread ended with this batch in it; the requests themselves are intact. */
export class WorkerLostError extends Error {
  override readonly name = 'WorkerLostError';

  /** @param running false for a batch that waited behind another, and so had no part in it. */
  constructor(
    reason: string,
    readonly running: boolean,
  ) {
    super(reason);
  }
}

export interface BatchRequest {
  readonly model: RunnableModel & { readonly key: string };
  /** At least one, all of one shape. */
  readonly rows: readonly Row[];
}

/** How a worker thread is started, and what it may take. */
export interface WorkerThreadOptions {
  readonly workerUrl: URL;
  readonly setup: WorkerSetup;
  /** Most JavaScript heap of the thread, in MiB. Batch buffers and the runtime's own memory are outside of it. */
  readonly heapMb: number;
  /** A batch that runs for longer is given up, and its thread with it; milliseconds. */
  readonly stallMs: number;
}

interface InFlight {
  readonly batchId: number;
  readonly memory: SharedArrayBuffer;
  readonly resolve: (answer: BatchAnswer) => void;
  readonly reject: (error: Error) => void;
}

interface Change {
  readonly resolve: (refusal: Refusal | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** The main thread's side of one worker thread. */
export class WorkerHandle {
  /** Resolves when the thread takes batches; rejects when it ends before that. */
  readonly ready: Promise<RefusedInWorker>;
  /** Resolves with the reason when no batch can be run any more: the thread has ended or stalled. Never rejects. */
  readonly ended: Promise<string>;
  /** Resolves when the thread is gone; of one that has stalled, perhaps never. */
  readonly exited: Promise<void>;
  private readonly thread: Worker;
  /** In the order in which they run. */
  private readonly inFlightBatches: InFlight[] = [];
  /** Shared memory of finished batches, for the next ones. */
  private readonly spareMemory: SharedArrayBuffer[] = [];
  private readonly changes = new Map<number, Change>();
  private nextId = 1;
  private alive = true;
  private givenUp = false;
  private lastError: string | undefined;
  private stallTimer: NodeJS.Timeout | undefined;
  private readonly stallMs: number;
  private resolveEnded!: (reason: string) => void;

  /** Does not hold on to the models of the setup. */
  constructor(
    readonly index: number,
    options: WorkerThreadOptions,
  ) {
    this.stallMs = options.stallMs;
    this.thread = new Worker(options.workerUrl, {
      workerData: options.setup,
      name: `spikingrx-engine-${index}`,
      resourceLimits: { maxOldGenerationSizeMb: options.heapMb },
    });
    this.ended = new Promise((resolve) => {
      this.resolveEnded = resolve;
    });
    this.exited = new Promise((resolve) => {
      this.thread.once('exit', (code) => {
        this.onExit(this.lastError ?? `the worker thread exited with code ${code}`);
        resolve();
      });
    });
    this.thread.on('error', (error) => {
      this.lastError = error instanceof Error ? error.message : String(error);
    });
    this.ready = this.listen();
    // Whoever awaits `ready` still sees the rejection; a handle dropped before that must not crash the process.
    this.ready.catch(() => undefined);
  }

  /** A batch did not return in time: the thread is left to itself. */
  get stalled(): boolean {
    return this.givenUp;
  }

  /** A model is being loaded or released: a batch may have to wait for a part of it. */
  get changing(): boolean {
    return this.changes.size > 0;
  }

  /** Batches sent and not answered: the running one and those prepared behind it. */
  get inFlight(): number {
    return this.inFlightBatches.length;
  }

  /**
   * Copies the rows into shared memory and sends them.
   * @throws WorkerLostError when the thread ends before it answers, SpikingRxError when the batch fails.
   */
  async run({ model, rows }: BatchRequest): Promise<BatchAnswer> {
    if (rows.length === 0) throw new SpikingRxError('INTERNAL', 'a batch needs at least one row');
    if (!this.alive) throw new WorkerLostError('the worker thread has ended', false);
    const layout = layOutBatch(model, rows);
    const memory = this.takeMemory(layout.byteLength);
    writeBatch(memory, layout, rows);
    const batchId = this.takeId();
    const message: BatchMessage = { type: 'batch', batchId, modelKey: model.key, layout, memory };
    return new Promise<BatchAnswer>((resolve, reject) => {
      this.inFlightBatches.push({ batchId, memory, resolve, reject });
      if (this.inFlightBatches.length === 1) this.watchRunning();
      this.thread.postMessage(message, []);
    });
  }

  /**
   * Loads and checks a model between the batches that come.
   * @throws ModelRefusedError, WorkerLostError when the thread ends meanwhile.
   */
  async load(model: WorkerModel): Promise<void> {
    const refusal = await this.change((changeId) => ({ type: 'load', changeId, model }));
    if (refusal !== undefined) throw new ModelRefusedError(refusal.kind, refusal.reason);
  }

  /** Releases a model, if it is there. @throws WorkerLostError when the thread ends meanwhile. */
  async unload(key: string): Promise<void> {
    await this.change((changeId) => ({ type: 'unload', changeId, key }));
  }

  /**
   * Ends the thread once the batches in it are done. The runtime aborts the whole process when its thread is
   * terminated in the middle of a run, so that is left for a run that never returns.
   */
  async stop(): Promise<void> {
    const message: MainMessage = { type: 'stop' };
    this.thread.postMessage(message, []);
    const giveUp = setTimeout(() => void this.terminate(), STOP_LIMIT_MS);
    await this.exited;
    clearTimeout(giveUp);
  }

  /** Ends the thread at once; batches in it are lost. */
  async terminate(): Promise<void> {
    await this.thread.terminate();
  }

  private async listen(): Promise<RefusedInWorker> {
    const ready = new Promise<RefusedInWorker>((resolve) => {
      this.thread.on('message', (message: WorkerMessage) => {
        if (message.type === 'ready') resolve(message.refused);
        else this.onAnswer(message);
      });
    });
    const outcome = await Promise.race([ready, this.ended]);
    if (typeof outcome !== 'string') return outcome;
    throw new SpikingRxError('INTERNAL', `engine worker ${this.index} did not start: ${outcome}`);
  }

  private async change(messageOf: (changeId: number) => MainMessage): Promise<Refusal | undefined> {
    if (!this.alive) throw new WorkerLostError('the worker thread has ended', false);
    const changeId = this.takeId();
    const giveUp = setTimeout(
      () => this.onStall('a model was not loaded', LOAD_STALLS * this.stallMs),
      LOAD_STALLS * this.stallMs,
    );
    const changed = new Promise<Refusal | undefined>((resolve, reject) => {
      this.changes.set(changeId, { resolve, reject });
      this.thread.postMessage(messageOf(changeId), []);
    });
    return changed.finally(() => clearTimeout(giveUp));
  }

  private onAnswer(message: Exclude<WorkerMessage, { type: 'ready' }>): void {
    if (message.type === 'changed') {
      this.changes.get(message.changeId)?.resolve(message.refusal);
      this.changes.delete(message.changeId);
      return;
    }
    const index = this.inFlightBatches.findIndex(({ batchId }) => batchId === message.batchId);
    const [batch] = index < 0 ? [] : this.inFlightBatches.splice(index, 1);
    if (batch === undefined) return;
    this.watchRunning();
    this.spareMemory.push(batch.memory);
    if (message.type === 'done') {
      batch.resolve(message);
    } else {
      batch.reject(new SpikingRxError(message.failure.code, message.failure.message));
    }
  }

  /** Batches run in their order, so the time of the oldest begins when the one before it has been answered. */
  private watchRunning(): void {
    clearTimeout(this.stallTimer);
    if (this.inFlightBatches.length === 0) return;
    const { stallMs } = this;
    this.stallTimer = setTimeout(() => this.onStall('a batch did not return', stallMs), stallMs);
  }

  /**
   * A run cannot be stopped, and ending its thread by force would abort the process: the thread is left to itself
   * and ends when the run returns, if ever. What waited behind the run is lost, so that it is sent elsewhere; the
   * batch that runs fails, lest it stall the next thread too. While a model is loaded all are sent elsewhere: it is
   * the model that does not return.
   */
  private onStall(what: string, limitMs: number): void {
    this.givenUp = true;
    const reason = `${what} within ${limitMs} ms`;
    const running = this.changes.size > 0 ? undefined : this.inFlightBatches.shift();
    running?.reject(new SpikingRxError('INTERNAL', `${reason}; its worker was given up`));
    const message: MainMessage = { type: 'stop' };
    this.thread.postMessage(message, []);
    this.thread.unref();
    this.onExit(reason);
  }

  private onExit(reason: string): void {
    this.alive = false;
    clearTimeout(this.stallTimer);
    const lost = this.inFlightBatches.splice(0);
    for (const [index, batch] of lost.entries())
      batch.reject(new WorkerLostError(reason, index === 0 && !this.givenUp));
    for (const { reject } of this.changes.values()) reject(new WorkerLostError(reason, false));
    this.changes.clear();
    this.resolveEnded(reason);
  }

  private takeId(): number {
    const id = this.nextId;
    this.nextId += 1;
    return id;
  }

  private takeMemory(bytes: number): SharedArrayBuffer {
    const spare = this.spareMemory.pop();
    if (spare !== undefined && spare.byteLength >= bytes) return spare;
    // Powers of two, so that slowly growing batches do not allocate every time.
    return new SharedArrayBuffer(2 ** Math.ceil(Math.log2(Math.max(1, bytes))));
  }
}
