import { SpikingRxError } from '../../errors.js';
import { Admission } from '../admission.js';
import type { RepositoryModel } from '../model-repository.js';
import type { Permit } from '../types.js';
import { SpikesThread, type SpikesThreadOptions } from './thread.js';
import type { SpikesRequest, SpikesResult, TappedRun } from './types.js';

/** Most permits: looking is for people, who come one by one. */
const MAX_REQUESTS = 9;

export interface SpikesRunnerOptions extends SpikesThreadOptions {
  /** So long after the last request the thread ends and gives its memory back; milliseconds. */
  readonly idleMs: number;
}

interface Waiting {
  readonly request: SpikesRequest;
  readonly model: RepositoryModel;
  readonly enqueuedMs: number;
  readonly resolve: (result: SpikesResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Computes what happens inside the spiking layers, apart from the workers that serve: one grid after the other, in a
 * thread of its own that is there only while it is asked for, and holds only the model that was asked for last.
 */
export class SpikesRunner {
  private readonly admission = new Admission({
    name: 'queue for spikes',
    unit: 'requests',
    maxQueuedGrids: MAX_REQUESTS,
    maxQueuedBytes: Number.MAX_SAFE_INTEGER,
  });
  private readonly queue: Waiting[] = [];
  private thread: SpikesThread | undefined;
  private readonly ending = new Set<Promise<void>>();
  private running = false;
  /** Whose turn it was last. */
  private latestClient: string | undefined;
  private idleTimer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly options: SpikesRunnerOptions) {}

  /** Permits that are held. */
  get requests(): number {
    return this.admission.queuedGrids;
  }

  /** Whether there is a thread at the moment. */
  get isLoaded(): boolean {
    return this.thread?.usable ?? false;
  }

  /**
   * Room for a request, shared out between clients, until its answer has been read: answers are large.
   * @throws QUEUE_FULL with `retryAfterMs`.
   */
  admit(client: string): Permit {
    return this.admission.admit({ grids: 1, bytes: 0, client });
  }

  /**
   * Answers once. The caller holds a permit. A request that is cancelled or too late leaves the queue; one that runs is answered at once then, and
   * its run comes to its end.
   * @throws CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE, and as {@link SpikesThread.run} does.
   */
  async compute(request: SpikesRequest, model: RepositoryModel): Promise<SpikesResult> {
    const { signal, deadlineMs = Number.POSITIVE_INFINITY } = request;
    if (this.closed) throw closedError();
    if (signal?.aborted === true) throw cancelled();
    let onAbort: (() => void) | undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<SpikesResult>((resolve, reject) => {
        const waiting = { request, model, enqueuedMs: performance.now(), resolve, reject };
        const leave = (error: SpikingRxError): void => {
          const place = this.queue.indexOf(waiting);
          if (place >= 0) this.queue.splice(place, 1);
          reject(error);
        };
        onAbort = () => leave(cancelled());
        signal?.addEventListener('abort', onAbort, { once: true });
        if (Number.isFinite(deadlineMs)) timer = setTimeout(() => leave(late()), leftMs(deadlineMs));
        this.queue.push(waiting);
        this.pump();
      });
    } finally {
      clearTimeout(timer);
      if (onAbort) signal?.removeEventListener('abort', onAbort);
    }
  }

  /** A model has left the service. */
  forget(key: string): void {
    if (this.isLoaded) this.thread?.forget(key);
  }

  /** Answers what waits with UNAVAILABLE and ends the thread. Idempotent. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.idleTimer);
    for (const { reject } of this.queue.splice(0)) reject(closedError());
    this.end();
    await Promise.all(this.ending);
  }

  private pump(): void {
    if (this.running) return;
    clearTimeout(this.idleTimer);
    const next = this.takeNext();
    if (next === undefined) {
      if (!this.closed) this.idleTimer = setTimeout(() => this.end(), this.options.idleMs).unref();
      return;
    }
    this.running = true;
    void this.answer(next).finally(() => {
      this.running = false;
      this.pump();
    });
  }

  /** The first of another client than the last one, so that who asks for much holds nobody up by more than a run. */
  private takeNext(): Waiting | undefined {
    const other = this.queue.findIndex(({ request }) => request.client !== this.latestClient);
    const [next] = this.queue.splice(Math.max(0, other), 1);
    this.latestClient = next?.request.client;
    return next;
  }

  private async answer({ request, model, enqueuedMs, resolve, reject }: Waiting): Promise<void> {
    const queueMs = performance.now() - enqueuedMs;
    try {
      resolve(resultOf(request, model, { queueMs, run: await this.started().run(model, request) }));
    } catch (error) {
      reject(error);
    }
  }

  private started(): SpikesThread {
    if (this.closed) throw closedError();
    // One thread at a time may be lost in a run: each keeps its core and its memory.
    if (this.thread?.stuck === true)
      throw new SpikingRxError('UNAVAILABLE', 'the worker for spikes is stuck in a run that does not return');
    if (!this.isLoaded) this.thread = new SpikesThread(this.options);
    return this.thread as SpikesThread;
  }

  private end(): void {
    const { thread } = this;
    this.thread = undefined;
    if (thread?.usable !== true) return;
    const ended = thread.stop().finally(() => this.ending.delete(ended));
    this.ending.add(ended);
  }
}

function resultOf(
  { id, format }: SpikesRequest,
  { name, version, sha256 }: RepositoryModel,
  { queueMs, run }: { readonly queueMs: number; readonly run: TappedRun },
): SpikesResult {
  const { timeSteps, layers, llr, loadMs, computeMs } = run;
  return {
    id,
    model: name,
    version,
    sha256,
    timeSteps,
    layers,
    llr: { datatype: format.datatype, ...llr },
    timing: { queueMs, loadMs, computeMs },
  };
}

/** Timers take no more than this. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function leftMs(deadlineMs: number): number {
  return Math.min(MAX_TIMER_MS, Math.max(0, Math.ceil(deadlineMs - performance.now())));
}

function cancelled(): SpikingRxError {
  return new SpikingRxError('CANCELLED', 'the request was cancelled');
}

function late(): SpikingRxError {
  return new SpikingRxError('DEADLINE_EXCEEDED', 'the deadline passed before the spikes were there');
}

function closedError(): SpikingRxError {
  return new SpikingRxError('UNAVAILABLE', 'the engine is closed');
}
