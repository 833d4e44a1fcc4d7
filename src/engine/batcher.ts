import { SpikingRxError } from '../errors.js';
import { batchCapacity, type BatchLimits, BatchQueue } from './batch-queue.js';
import { ComputeTimes } from './compute-times.js';
import { type BatchDispatchedEvent, type EngineObserver, notify } from './observer.js';
import type { RepositoryModel } from './model-repository.js';
import type { PendingGrid } from './pending-grid.js';
import { PlacedList } from './placed-list.js';
import { isIntact } from './row.js';
import type { Priority } from './types.js';
import { WorkerClock } from './worker-clock.js';
import { type WorkerHandle, WorkerLostError } from './worker-handle.js';
import type { WorkerPool } from './worker-pool.js';
import type { BatchAnswer } from './worker-protocol.js';

export interface BatcherOptions extends BatchLimits {
  readonly maxQueueDelayMs: number;
  readonly observer: EngineObserver;
}

/** The part of the pool that the batcher uses. */
export type BatchWorkers = Pick<WorkerPool, 'withInFlight' | 'reportAnswered'>;

/** A batch that lost its worker is sent again this often. */
const RETRIES = 1;
/** How long before the end of the running batch, as expected, the next one is sent. Timers are whole milliseconds. */
const PREPARE_AHEAD_MS = 3;
/** Without urgent grids for so long, nobody is expected to overtake, and the next batch is sent as soon as it can be. */
const URGENT_MEMORY_MS = 10_000;

/**
 * Forms batches and sends them to workers.
 *
 * A free worker gets whatever waits, at once; grids of one shape are shared out when several are free.
 * A busy worker gets one next batch, so that it never waits for the main thread: when that batch is full or its first
 * grid has waited `maxQueueDelayMs`; where urgent grids come, not before it is expected to need it. Anything else stays
 * in the queue, where it can still grow, be overtaken, be cancelled or expire.
 */
export class Batcher {
  private readonly queue: BatchQueue<PendingGrid>;
  private readonly pending = new PlacedList<PendingGrid>();
  private readonly idleWaiters: (() => void)[] = [];
  private readonly times = new ComputeTimes();
  private readonly clocks = new WeakMap<WorkerHandle, WorkerClock>();
  private lastUrgentMs = Number.NEGATIVE_INFINITY;
  private suspects = 0;
  private pumpScheduled = false;
  private delayTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly workers: BatchWorkers,
    private readonly options: BatcherOptions,
  ) {
    this.queue = new BatchQueue(options);
  }

  /** Grids not yet in a batch. */
  get waiting(): number {
    return this.queue.size;
  }

  /** Those of one priority. */
  waitingOf(priority: Priority): number {
    return this.queue.sizeOf(priority);
  }

  /** How long the oldest grid that is not yet in a batch has waited; 0 when there is none. */
  get oldestWaitMs(): number {
    const nowMs = performance.now();
    return nowMs - (this.queue.oldestMs() ?? nowMs);
  }

  /** Grids not yet answered, in a batch or not. */
  get unanswered(): number {
    return this.pending.size;
  }

  /** Takes a grid in; it is answered through `grid.answer`. */
  submit(grid: PendingGrid): void {
    this.pending.add(grid);
    grid.watch();
    if (grid.isSettled) return;
    if (grid.urgent) this.lastUrgentMs = grid.enqueuedMs;
    this.queue.push(grid);
    this.schedulePump();
  }

  /** To be called when a grid is answered: it leaves the queue if it is still there. */
  forget(grid: PendingGrid): void {
    this.pending.delete(grid);
    this.queue.remove(grid);
    if (this.pending.size > 0) return;
    for (const wake of this.idleWaiters.splice(0)) wake();
  }

  /** Resolves when every grid has been answered. */
  async idle(): Promise<void> {
    if (this.pending.size === 0) return;
    await new Promise<void>((resolve) => {
      this.idleWaiters.push(resolve);
    });
  }

  /** Answers everything that has no answer yet with `error`. */
  failAll(error: SpikingRxError): void {
    clearTimeout(this.delayTimer);
    for (const grid of this.pending) grid.fail(error);
  }

  /** Fills workers as far as the rules allow. Called when grids arrive and when a worker becomes free. */
  pump(): void {
    clearTimeout(this.delayTimer);
    this.delayTimer = undefined;
    while (this.queue.size > 0) {
      const nowMs = performance.now();
      const next = this.nextWorker(nowMs);
      if (next === undefined) return; // all have their next batch: an answer pumps again
      const { worker, freeMs, idle } = next;
      const mayBeOvertaken = nowMs - this.lastUrgentMs < URGENT_MEMORY_MS;
      if (idle === 0 && mayBeOvertaken && freeMs - nowMs > PREPARE_AHEAD_MS) {
        this.pumpAt(freeMs - PREPARE_AHEAD_MS);
        return;
      }
      const { maxQueueDelayMs } = this.options;
      const { batch, expired, waitsSinceMs, undecided } = this.queue.take({
        nowMs,
        startMs: freeMs,
        orOlderThanMs: idle > 0 ? Number.POSITIVE_INFINITY : nowMs - maxQueueDelayMs,
        shares: idle,
        computeMs: (grid, grids) => this.expectedMs(grid, grids),
      });
      for (const grid of expired) grid.expire();
      if (undecided) return; // an answer pumps again, and tells
      if (waitsSinceMs !== undefined) {
        this.pumpAt(waitsSinceMs + maxQueueDelayMs);
        return;
      }
      this.dispatch(worker, batch);
    }
  }

  /** An idle worker, or else the busy one without a next batch that is free first. */
  private nextWorker(
    nowMs: number,
  ): { readonly worker: WorkerHandle; readonly freeMs: number; readonly idle: number } | undefined {
    const idle = this.workers.withInFlight(0);
    const [first] = idle;
    if (first !== undefined) return { worker: first, freeMs: nowMs, idle: idle.length };
    return this.workers
      .withInFlight(1)
      .map((worker) => ({ worker, freeMs: this.clockOf(worker).freeMs(nowMs), idle: 0 }))
      .toSorted((a, b) => a.freeMs - b.freeMs)[0];
  }

  private clockOf(worker: WorkerHandle): WorkerClock {
    const clock = this.clocks.get(worker) ?? new WorkerClock();
    this.clocks.set(worker, clock);
    return clock;
  }

  private expectedMs({ model, row }: PendingGrid, grids: number): number {
    return this.times.expectedMs(model.id, grids * row.resourceElements);
  }

  /** One turn later, so that all grids of one message or one socket read can share a batch. */
  private schedulePump(): void {
    if (this.pumpScheduled) return;
    this.pumpScheduled = true;
    setImmediate(() => {
      this.pumpScheduled = false;
      this.pump();
    });
  }

  private pumpAt(timeMs: number): void {
    this.delayTimer = setTimeout(() => this.pump(), Math.max(1, Math.ceil(timeMs - performance.now())));
  }

  private dispatch(worker: WorkerHandle, taken: readonly PendingGrid[]): void {
    const grids = taken.filter(keepsItsMemory);
    const [oldest] = grids;
    if (oldest === undefined) return;
    const nowMs = performance.now();
    const clock = this.clockOf(worker);
    const expectedMs = this.expectedMs(oldest, grids.length);
    const endMs = clock.freeMs(nowMs) + expectedMs;
    for (const grid of grids) grid.enterBatch(grids.length, endMs);
    clock.batchSent(expectedMs, nowMs);
    const event = { ...batchEvent(worker, oldest, grids), capacity: batchCapacity(oldest, this.options) };
    notify(this.options.observer, 'batchDispatched', event);
    void this.follow(worker, oldest.model, grids, event);
  }

  /** Sends a batch and answers its grids. Never rejects. */
  private async follow(
    worker: WorkerHandle,
    model: RepositoryModel,
    grids: readonly PendingGrid[],
    event: BatchDispatchedEvent,
  ): Promise<void> {
    const { observer } = this.options;
    const clock = this.clockOf(worker);
    try {
      const answer = await worker.run({ model, rows: grids.map(({ row }) => row) });
      const tookMs = clock.batchEnded(performance.now());
      this.times.observe(model.id, event.resourceElements, tookMs);
      this.workers.reportAnswered(worker);
      this.pump(); // the worker first, the clients second
      const { computeMs, magnitudes } = answer;
      notify(observer, 'batchCompleted', { ...event, outcome: 'ok', computeMs, magnitudes });
      scatter(grids, answer);
    } catch (error) {
      clock.batchEnded(performance.now());
      const isLost = error instanceof WorkerLostError;
      notify(observer, 'batchCompleted', {
        ...event,
        outcome: isLost ? 'worker_lost' : 'failed',
        computeMs: 0,
      });
      if (isLost) this.retry(grids, error);
      else if (grids.length > 1) this.runAgain(grids, 'alone');
      else for (const grid of grids) grid.fail(batchFailure(error));
      this.schedulePump();
    }
  }

  /** Runs the grids of a lost batch again, or gives up on those that ran and may have killed the worker twice. */
  private retry(grids: readonly PendingGrid[], lost: WorkerLostError): void {
    if (lost.running)
      for (const grid of grids) {
        grid.lostBatches += 1;
        if (grid.lostBatches <= RETRIES) continue;
        const message = `the engine worker died while it ran this batch, ${grid.lostBatches} times: ${lost.message}`;
        grid.fail(new SpikingRxError('INTERNAL', message, { cause: lost }));
      }
    this.runAgain(grids, lost.running ? 'alone' : 'as before');
  }

  /**
   * Puts grids that have no answer back at the head of the queue. What one of them may have brought upon its batch it
   * brings upon no other when each runs alone.
   */
  private runAgain(grids: readonly PendingGrid[], how: 'alone' | 'as before'): void {
    const again = grids.filter((grid) => !grid.isSettled);
    for (const grid of again) {
      grid.leaveBatch();
      if (how === 'as before') continue;
      this.suspects += 1;
      grid.suspect = this.suspects;
    }
    this.queue.pushFront(again);
  }
}

/** False, with the grid answered, when the caller has given its buffers away in the meantime. */
function keepsItsMemory(grid: PendingGrid): boolean {
  if (isIntact(grid.row, grid.model)) return true;
  grid.fail(new SpikingRxError('INTERNAL', 'the memory of the request was given away while it was queued'));
  return false;
}

function scatter(grids: readonly PendingGrid[], answer: BatchAnswer): void {
  for (const [index, grid] of grids.entries()) {
    const row = answer.rows[index];
    if (row === undefined)
      grid.fail(new SpikingRxError('INTERNAL', 'the worker returned no row for this grid'));
    else if (row.ok) grid.succeed(row.tensors, answer.computeMs);
    else grid.fail(new SpikingRxError(row.failure.code, row.failure.message));
  }
}

function batchFailure(error: unknown): SpikingRxError {
  if (error instanceof SpikingRxError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new SpikingRxError('INTERNAL', `the batch failed: ${message}`, { cause: error });
}

function batchEvent(worker: WorkerHandle, oldest: PendingGrid, grids: readonly PendingGrid[]) {
  return {
    model: oldest.model.name,
    version: oldest.model.version,
    worker: worker.index,
    requests: grids.map((grid) => grid.request),
    grids: grids.length,
    resourceElements: grids.length * oldest.row.resourceElements,
  };
}
