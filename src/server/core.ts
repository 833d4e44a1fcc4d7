import { setMaxListeners } from 'node:events';
import type { Engine } from '../engine/engine.js';
import type { LlrRequest, LlrResult, ModelInfo, Permit } from '../engine/types.js';
import { SpikingRxError, invalid } from '../errors.js';
import type { Config } from './config.js';
import { GridDecoder } from './decode-grid.js';
import { toSpikingRxError } from './errors.js';
import type { Metrics, Transport } from './metrics.js';
import type { WireGrid } from './wire-grid.js';

/** Size of a request for admission: grids, and bytes on the wire. */
export interface RequestSize {
  readonly grids: number;
  readonly bytes: number;
}

export interface GridContext {
  readonly transport: Transport;
  readonly model: ModelInfo;
  /** Path of the grid in its request. */
  readonly field: string;
  readonly signal: AbortSignal;
  /** Earlier of the transport's deadline and the service's limit, on the `performance.now()` clock. */
  readonly deadlineMs?: number;
}

/** LLRs of one grid and how long decoding took, in milliseconds. */
export interface GridAnswer {
  readonly result: LlrResult;
  readonly decodeMs: number;
}

interface Waiter {
  readonly wake: () => void;
}

/** What REST and gRPC share: validation, admission, deadlines, counting. One for the whole service. */
export class ServiceCore {
  readonly engine: Engine;
  readonly config: Config;
  readonly metrics: Metrics;
  readonly #decoder = new GridDecoder();
  readonly #stop = new AbortController();
  readonly #waiters = new Set<Waiter>();
  #draining = false;

  constructor(parts: { readonly engine: Engine; readonly config: Config; readonly metrics: Metrics }) {
    this.engine = parts.engine;
    this.config = parts.config;
    this.metrics = parts.metrics;
    setMaxListeners(0, this.#stop.signal);
  }

  /** False once a shutdown has begun, though requests are served for a while yet. */
  get ready(): boolean {
    return !this.#draining && this.engine.ready;
  }

  /** Aborted when open streams must come to an end. */
  get stopSignal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Not ready from now on; still serving. */
  beginDrain(): void {
    this.#draining = true;
  }

  /** Open streams finish what they have and end. */
  stopStreams(): void {
    this.#draining = true;
    this.#stop.abort();
  }

  /** @throws NOT_FOUND with field `model`. */
  model(name?: string, version?: string): ModelInfo {
    try {
      return this.engine.model(name || undefined, version || undefined);
    } catch (error) {
      if (!(error instanceof SpikingRxError) || error.code !== 'NOT_FOUND') throw error;
      const received = version ? `${name || 'default'} version ${version}` : (name ?? 'default');
      throw new SpikingRxError('NOT_FOUND', `model: ${error.message}`, {
        field: 'model',
        expected: 'the name and version of a served model',
        received,
        cause: error,
      });
    }
  }

  /** @throws QUEUE_FULL, UNAVAILABLE or PAYLOAD_TOO_LARGE. */
  admit(size: RequestSize): Permit {
    const permit = this.engine.admit(size);
    return {
      release: () => {
        permit.release();
        for (const waiter of this.#waiters) waiter.wake();
      },
    };
  }

  /**
   * Waits while the queue is full, which holds a stream's next message back and so, through HTTP/2 flow
   * control, its client.
   * @throws UNAVAILABLE, PAYLOAD_TOO_LARGE, CANCELLED when `signal` aborts; DEADLINE_EXCEEDED.
   */
  async admitWhenRoom(
    size: RequestSize,
    limits: { signal: AbortSignal; deadlineMs: number },
  ): Promise<Permit> {
    for (;;) {
      try {
        return this.admit(size);
      } catch (error) {
        if (!(error instanceof SpikingRxError) || error.code !== 'QUEUE_FULL') throw error;
      }
      if (this.#stop.signal.aborted) throw new SpikingRxError('UNAVAILABLE', 'the service is shutting down');
      if (limits.signal.aborted) throw new SpikingRxError('CANCELLED', 'the caller cancelled');
      const leftMs = limits.deadlineMs - performance.now();
      if (leftMs <= 0)
        throw new SpikingRxError('DEADLINE_EXCEEDED', 'the queue was full until the deadline passed');
      await this.#released(leftMs, limits.signal);
    }
  }

  /** Absolute deadline of a grid that asked for `timeoutMs`: never later than the service's own limit. */
  deadline(timeoutMs: number | undefined, field: string): number {
    const limit = this.config.requestTimeoutMs;
    if (timeoutMs !== undefined && !(timeoutMs >= 1))
      throw invalid(field, 'at least 1 millisecond', String(timeoutMs));
    return performance.now() + Math.min(timeoutMs ?? limit, limit);
  }

  /**
   * Validates, decodes and computes one grid, and counts how it ended.
   * @param read translates the transport's message; what it throws fails the grid.
   */
  async computeGrid(read: () => WireGrid, context: GridContext): Promise<GridAnswer> {
    try {
      const answer = await this.#compute(this.#decode(read(), context));
      this.metrics.gridsEnded(context.transport, 'OK');
      return answer;
    } catch (error) {
      throw this.#failed(error, context.transport);
    }
  }

  /**
   * All grids of one request, or none: the first bad grid fails the request, before any is computed.
   * @throws the first error, which names the grid.
   */
  async computeAll(
    grids: readonly WireGrid[],
    context: Omit<GridContext, 'field'>,
  ): Promise<readonly GridAnswer[]> {
    const abort = new AbortController();
    setMaxListeners(0, abort.signal);
    const cancel = () => abort.abort();
    if (context.signal.aborted) cancel();
    context.signal.addEventListener('abort', cancel, { once: true });
    try {
      checkIds(grids);
      const decoded = grids.map((grid, i) =>
        this.#decode(grid, { ...context, field: `grids[${i}]`, signal: abort.signal }),
      );
      const answers = decoded.map(async (request) => this.#compute(request));
      // The others are of no use once one has failed; the permit waits for all of them.
      for (const answer of answers) answer.catch(cancel);
      const settled = await Promise.allSettled(answers);
      const values = settled.map((outcome) => fulfilled(outcome, settled));
      this.metrics.gridsEnded(context.transport, 'OK', values.length);
      return values;
    } catch (error) {
      throw this.#failed(error, context.transport, grids.length);
    } finally {
      context.signal.removeEventListener('abort', cancel);
    }
  }

  #decode(grid: WireGrid, context: GridContext): Decoded {
    const start = performance.now();
    const own = this.deadline(grid.timeoutMs, `${context.field}.timeoutMs`);
    const request = this.#decoder.decode(grid, {
      model: context.model,
      field: context.field,
      maxPrb: this.config.maxPrb,
      deadlineMs: Math.min(own, context.deadlineMs ?? own),
      signal: context.signal,
    });
    return { request, decodeMs: performance.now() - start };
  }

  async #compute({ request, decodeMs }: Decoded): Promise<GridAnswer> {
    try {
      const result = await this.engine.compute(request);
      this.metrics.stage('decode', decodeMs);
      this.metrics.stage('queue', result.timing.queueMs);
      this.metrics.stage('compute', result.timing.computeMs);
      return { result, decodeMs };
    } finally {
      // The engine needs the request until the answer, and no longer.
      this.#decoder.release(request);
    }
  }

  #failed(error: unknown, transport: Transport, grids = 1): SpikingRxError {
    const failure = toSpikingRxError(error);
    this.metrics.gridsEnded(transport, failure.code, grids);
    return failure;
  }

  async #released(timeoutMs: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.#waiters.delete(waiter);
        resolve();
      };
      const waiter: Waiter = { wake };
      const timer = setTimeout(wake, timeoutMs);
      signal.addEventListener('abort', wake, { once: true });
      this.#waiters.add(waiter);
    });
  }
}

interface Decoded {
  readonly request: LlrRequest;
  readonly decodeMs: number;
}

/** The value, or else the error that came first: not the CANCELLED that it brought over the others. */
function fulfilled<T>(outcome: PromiseSettledResult<T>, all: readonly PromiseSettledResult<T>[]): T {
  if (outcome.status === 'fulfilled') return outcome.value;
  const reasons: readonly unknown[] = all.flatMap((other) =>
    other.status === 'rejected' ? [other.reason] : [],
  );
  const cause = reasons.find((reason) => !(reason instanceof SpikingRxError) || reason.code !== 'CANCELLED');
  throw cause ?? outcome.reason;
}

/** @throws INVALID_ARGUMENT for two grids of one id. */
function checkIds(grids: readonly WireGrid[]): void {
  const seen = new Map<string, number>();
  for (const [i, { id }] of grids.entries()) {
    const before = seen.get(id);
    if (before !== undefined && id !== '')
      throw invalid(`grids[${i}].id`, 'an id of its own', `the id of grids[${before}]`);
    seen.set(id, i);
  }
}

/** @throws INVALID_ARGUMENT for none, PAYLOAD_TOO_LARGE for more than the service takes at once. */
export function checkGridCount(count: number, config: Config): void {
  if (count === 0) throw invalid('grids', 'at least one grid', 'none');
  if (count > config.maxGridsPerRequest)
    throw new SpikingRxError(
      'PAYLOAD_TOO_LARGE',
      `grids: expected at most ${config.maxGridsPerRequest}, received ${count}`,
      { field: 'grids', expected: `at most ${config.maxGridsPerRequest}`, received: String(count) },
    );
}
