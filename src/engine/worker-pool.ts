import { SpikingRxError } from '../errors.js';
import { type EngineObserver, notify } from './observer.js';
import { type RefusedInWorker, WorkerHandle, type WorkerThreadOptions } from './worker-handle.js';

export interface WorkerPoolOptions {
  readonly size: number;
  readonly thread: WorkerThreadOptions;
  readonly observer: EngineObserver;
  /** Called when a replacement has become ready. */
  readonly onWorkerReady: () => void;
}

interface Slot {
  readonly index: number;
  /** Present while the thread is alive and ready. */
  worker: WorkerHandle | undefined;
  starting: WorkerHandle | undefined;
  /** Ends in a row without a batch answered in between; sets the backoff. */
  failures: number;
  restart: NodeJS.Timeout | undefined;
}

const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 10_000;

/**
 * A fixed number of worker threads; one that ends or stalls is replaced, with growing delays while it keeps ending.
 * A stalled thread goes on taking a core and memory: once there are more of them than workers, what ends is not
 * replaced until one of them is gone, and an engine without workers is not ready.
 */
export class WorkerPool {
  private readonly slots: readonly Slot[];
  private stalledThreads = 0;
  /** Replacements that wait for a stalled thread to end. */
  private readonly heldBack: (() => void)[] = [];
  private closed = false;
  private refusedKeys: ReadonlySet<string> = new Set();

  constructor(private readonly options: WorkerPoolOptions) {
    this.slots = Array.from({ length: options.size }, (_, index) => ({
      index,
      worker: undefined,
      starting: undefined,
      failures: 0,
      restart: undefined,
    }));
  }

  /**
   * Starts all workers and waits until they are warm.
   * @returns the models that some worker refused, each once.
   * @throws SpikingRxError INTERNAL when a worker does not start; none is left running then.
   */
  async start(): Promise<RefusedInWorker> {
    const workers = this.slots.map((slot) => this.spawn(slot));
    try {
      const refused = (await Promise.all(workers.map(async (worker) => worker.ready))).flat();
      const unique = new Map(refused.map((model) => [model.key, model]));
      this.refusedKeys = new Set(unique.keys());
      for (const slot of this.slots) this.adopt(slot);
      return [...unique.values()];
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Workers that take batches. */
  get liveWorkers(): number {
    return this.slots.filter((slot) => slot.worker !== undefined).length;
  }

  get runningBatches(): number {
    return this.slots.reduce((sum, slot) => sum + (slot.worker?.inFlight ?? 0), 0);
  }

  /** Live workers with exactly `inFlight` batches in them. */
  withInFlight(inFlight: number): readonly WorkerHandle[] {
    const workers: WorkerHandle[] = [];
    for (const { worker } of this.slots) {
      if (worker !== undefined && worker.inFlight === inFlight) workers.push(worker);
    }
    return workers;
  }

  /** A worker answered: its next end starts again at the shortest delay. */
  reportAnswered(worker: WorkerHandle): void {
    const slot = this.slots[worker.index];
    if (slot !== undefined) slot.failures = 0;
  }

  /** Ends all workers when the batches in them are done. Idempotent. */
  async close(): Promise<void> {
    this.closed = true;
    for (const slot of this.slots) clearTimeout(slot.restart);
    const handles = this.slots.flatMap(({ worker, starting }) => [worker, starting]);
    await Promise.all(handles.map(async (handle) => handle?.stop()));
  }

  private spawn(slot: Slot): WorkerHandle {
    const worker = new WorkerHandle(slot.index, this.options.thread);
    slot.starting = worker;
    void worker.ended.then((reason) => this.onEnded(slot, worker, reason));
    return worker;
  }

  private adopt(slot: Slot): void {
    slot.worker = slot.starting;
    slot.starting = undefined;
  }

  private onEnded(slot: Slot, worker: WorkerHandle, reason: string): void {
    if (slot.worker === worker) slot.worker = undefined;
    if (slot.starting === worker) slot.starting = undefined;
    if (worker.stalled) void this.countStalled(worker);
    if (this.closed) return;
    notify(this.options.observer, 'workerLost', { worker: slot.index, reason });
    const delayMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** slot.failures);
    slot.failures += 1;
    this.replaceAfter(delayMs, slot, reason);
  }

  private async countStalled(worker: WorkerHandle): Promise<void> {
    this.stalledThreads += 1;
    await worker.exited;
    this.stalledThreads -= 1;
    if (!this.closed) this.heldBack.shift()?.();
  }

  private replaceAfter(delayMs: number, slot: Slot, reason: string): void {
    slot.restart = setTimeout(() => {
      if (this.stalledThreads <= this.slots.length) void this.replace(slot, reason);
      else this.heldBack.push(() => void this.replace(slot, reason));
    }, delayMs);
  }

  /** Never rejects: a replacement that does not start has ended, and its end starts the next one. */
  private async replace(slot: Slot, reason: string): Promise<void> {
    const worker = this.spawn(slot);
    try {
      const refused = await worker.ready;
      const lost = refused.find((model) => !this.refusedKeys.has(model.key));
      if (lost !== undefined) throw new SpikingRxError('INTERNAL', `${lost.key}: ${lost.reason}`);
    } catch {
      await worker.stop();
      return;
    }
    if (this.closed || slot.starting !== worker) return;
    this.adopt(slot);
    notify(this.options.observer, 'workerRestarted', { worker: slot.index, reason });
    this.options.onWorkerReady();
  }
}
