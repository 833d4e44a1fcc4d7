import { SpikingRxError } from '../errors.js';
import { ModelRefusedError, refusalOf } from './model-refusal.js';
import { type EngineObserver, notify } from './observer.js';
import { WorkerHandle, type WorkerThreadOptions } from './worker-handle.js';
import type { RefusedInWorker, WorkerModel } from './worker-protocol.js';

export interface WorkerPoolOptions {
  readonly size: number;
  /** What workers start with; the models come and go later. */
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
  private warm = 0;
  private closed = false;
  /** What every worker has, and each that starts from now on gets. */
  private readonly models: Map<string, WorkerModel>;
  /** Without models, which are not to be held once they are released. */
  private readonly options: WorkerPoolOptions;

  constructor(options: WorkerPoolOptions) {
    const { thread } = options;
    this.models = new Map(thread.setup.models.map((model) => [model.key, model]));
    this.options = { ...options, thread: { ...thread, setup: { ...thread.setup, models: [] } } };
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
      const refused = (await Promise.all(workers.map(async (worker) => this.warmed(worker)))).flat();
      const unique = new Map(refused.map((model) => [model.key, model]));
      // One that has ended meanwhile may have a replacement, which is adopted when it is ready itself.
      for (const slot of this.slots) if (slot.starting === workers[slot.index]) this.adopt(slot);
      await Promise.all([...unique.keys()].map(async (key) => this.unload(key)));
      return [...unique.values()];
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /**
   * Loads a model into one worker after the other, so that the others go on serving; into none when one refuses.
   * @throws ModelRefusedError
   */
  async load(model: WorkerModel): Promise<void> {
    this.models.set(model.key, model);
    try {
      let loaded = 0;
      for (const slot of this.slots) {
        // A replacement that starts has it from its setup, or gets it with this message.
        const worker = slot.starting ?? slot.worker;
        if (worker === undefined) continue;
        await worker.load(model);
        loaded += 1;
      }
      if (loaded === 0) throw new ModelRefusedError('worker_lost', 'no worker is alive to load it');
    } catch (error) {
      await this.unload(model.key);
      const refusal = refusalOf(error, 'worker_lost');
      throw new ModelRefusedError(refusal.kind, refusal.reason, error);
    }
  }

  /** Releases a model in every worker. Never rejects: a worker that ends has released everything. */
  async unload(key: string): Promise<void> {
    this.models.delete(key);
    const workers = this.slots.flatMap(({ worker, starting }) => [worker, starting]);
    await Promise.allSettled(workers.map(async (worker) => worker?.unload(key)));
  }

  /** Workers that have become warm in the start. */
  get warmWorkers(): number {
    return this.warm;
  }

  private async warmed(worker: WorkerHandle): Promise<RefusedInWorker> {
    const refused = await worker.ready;
    this.warm += 1;
    return refused;
  }

  /** Workers that take batches. */
  get liveWorkers(): number {
    return this.slots.filter((slot) => slot.worker !== undefined).length;
  }

  get runningBatches(): number {
    return this.slots.reduce((sum, slot) => sum + (slot.worker?.inFlight ?? 0), 0);
  }

  /** Live workers with exactly `inFlight` batches in them; those that load a model only where there are no others. */
  withInFlight(inFlight: number): readonly WorkerHandle[] {
    const workers: WorkerHandle[] = [];
    for (const { worker } of this.slots) {
      if (worker !== undefined && worker.inFlight === inFlight) workers.push(worker);
    }
    const undisturbed = workers.filter(({ changing }) => !changing);
    return undisturbed.length > 0 ? undisturbed : workers;
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
    const setup = { ...this.options.thread.setup, models: [...this.models.values()] };
    const worker = new WorkerHandle(slot.index, { ...this.options.thread, setup });
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
      const lost = (await worker.ready).find(({ key }) => this.models.has(key));
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
