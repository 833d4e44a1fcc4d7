import { setMaxListeners } from 'node:events';
import type { Engine } from '../engine/engine.js';
import { takesTensors } from '../engine/llr-row.js';
import { together } from '../engine/together.js';
import type {
  LlrModelInfo,
  LlrRequest,
  LlrResult,
  ModelInfo,
  Permit,
  Priority,
  RequestSize,
} from '../engine/types.js';
import { SpikingRxError, invalid } from '../errors.js';
import type { Access } from './access/access.js';
import { RateLimit } from './access/rate-limit.js';
import { checkAnswerSize, checkArraySize } from './answer-size.js';
import { withoutStream } from './client-key.js';
import type { Capture } from './capture/capture.js';
import type { Config } from './config.js';
import { Deadlines } from './deadlines.js';
import { type DecodedGrid, GridDecoder } from './decode-grid.js';
import { DecodeReports } from './decode-reports.js';
import { toSpikingRxError } from './errors.js';
import type { Logger } from './log.js';
import type { Metrics, OutcomeCode } from './metrics.js';
import { provenanceOf, type Provenance } from './provenance.js';
import type { Quality } from './quality.js';
import type { RequestRecord, Requests } from './telemetry/requests.js';
import type { Trace } from './telemetry/tracing.js';
import type { SlotClock } from './slot-clock.js';
import { WaitingRoom, type WaitLimits } from './waiting-room.js';
import type { WireGrid } from './wire-grid.js';

/** Longest model name and version looked up, because messages repeat them. */
const MAX_NAME_LENGTH = 256;

export interface GridContext {
  /** The request that the grid came with. */
  readonly record: RequestRecord;
  /** Of this grid alone, on a stream; the request's own when left out. */
  readonly trace?: Trace | undefined;
  readonly model: LlrModelInfo;
  /** Path of the grid in its request. */
  readonly field: string;
  readonly signal: AbortSignal;
  /** Whose grid it is, for fairness. */
  readonly client: string;
  /** Default `normal`. */
  readonly priority?: Priority;
  /** Of the transport, on the `performance.now()` clock. */
  readonly deadlineMs?: number;
  /** When the message was read, on the same clock. */
  readonly receivedMs: number;
  /** Of the stream; the client's own when left out. */
  readonly slotClock?: SlotClock;
}

export interface RequestContext extends Omit<GridContext, 'field'> {
  /** Most LLRs of the answer, where its form bounds them. */
  readonly maxLlrs?: number | undefined;
}

/** LLRs of one grid, how good they are and where they come from. */
export interface GridAnswer {
  readonly result: LlrResult;
  readonly quality: Quality;
  readonly provenance: Provenance;
}

export interface CoreParts {
  readonly engine: Engine;
  readonly config: Config;
  readonly metrics: Metrics;
  readonly requests: Requests;
  readonly access: Access;
  /** The one at the root: its level is the level of the log. */
  readonly log: Logger;
  readonly capture?: Capture | undefined;
}

/** What REST and gRPC share: validation, admission, deadlines, counting. One for the whole service. */
export class ServiceCore {
  readonly engine: Engine;
  readonly config: Config;
  readonly metrics: Metrics;
  readonly requests: Requests;
  readonly access: Access;
  readonly log: Logger;
  readonly deadlines: Deadlines;
  readonly reports: DecodeReports;
  readonly capture: Capture | undefined;
  readonly #decoder = new GridDecoder();
  readonly #stop = new AbortController();
  /** What each client may ask for. */
  readonly rates: { readonly requests: RateLimit; readonly grids: RateLimit };
  readonly #room: WaitingRoom;
  #draining = false;
  #working = 0;
  readonly #onIdle = new Set<() => void>();

  constructor(parts: CoreParts) {
    this.engine = parts.engine;
    this.config = parts.config;
    this.metrics = parts.metrics;
    this.requests = parts.requests;
    this.access = parts.access;
    this.capture = parts.capture;
    this.log = parts.log;
    this.rates = {
      requests: new RateLimit(parts.config.maxRequestsPerSecond, 'requests'),
      grids: new RateLimit(parts.config.maxGridsPerSecond, 'grids'),
    };
    this.deadlines = new Deadlines(parts.config);
    this.reports = new DecodeReports(this.config, this.metrics.decoding);
    this.#room = new WaitingRoom(this.engine);
    setMaxListeners(0, this.#stop.signal);
  }

  /** False once a shutdown has begun, though requests are served for a while yet. */
  get ready(): boolean {
    return !this.#draining && this.engine.ready;
  }

  /** Why it is not ready; undefined when it is. */
  get unready(): string | undefined {
    const { starting, ready, stats } = this.engine;
    if (this.#draining) return 'shutting down';
    if (starting) return `starting: ${starting.warmWorkers} of ${starting.workers} workers are warm`;
    if (stats.liveWorkers === 0) return 'no worker is alive';
    return ready ? undefined : 'no model is served';
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

  /** A request or call has begun; call the result once its answer is out or nobody waits for it any more. */
  workBegun(): () => void {
    this.#working++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      if (--this.#working > 0) return;
      for (const resolve of this.#onIdle) resolve();
      this.#onIdle.clear();
    };
  }

  /** Resolves when no request or call is under way. */
  async idle(): Promise<void> {
    if (this.#working === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle.add(resolve);
    });
  }

  /** @throws NOT_FOUND with field `model`. */
  model(name?: string, version?: string): ModelInfo {
    for (const [field, text = ''] of [
      ['model', name],
      ['version', version],
    ] as const)
      if (text.length > MAX_NAME_LENGTH)
        throw invalid(field, `at most ${MAX_NAME_LENGTH} characters`, `${text.length} characters`);
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

  /** @throws as `model`, and FAILED_PRECONDITION for one that takes tensors, not grids. */
  llrModel(name?: string, version?: string): LlrModelInfo {
    const model = this.model(name, version);
    const { nRx, bitsPerSymbol } = model;
    if (nRx === undefined || bitsPerSymbol === undefined) throw takesTensors(model.name, model.misfit);
    return { ...model, nRx, bitsPerSymbol };
  }

  /** @throws QUEUE_FULL, RATE_LIMITED, UNAVAILABLE or PAYLOAD_TOO_LARGE. */
  admit(size: RequestSize): Permit {
    return this.#paid(size, this.#room.admit(size));
  }

  /** Undefined where one must wait: no room, or others wait already. @throws as `admit`, but for QUEUE_FULL. */
  tryAdmit(size: RequestSize): Permit | undefined {
    const permit = this.#room.tryAdmit(size);
    return permit && this.#paid(size, permit);
  }

  /**
   * Waits while the queue is full, which holds a stream's next message back and so, through HTTP/2 flow
   * control, its client.
   * @throws RATE_LIMITED, UNAVAILABLE, PAYLOAD_TOO_LARGE, CANCELLED when `signal` aborts; DEADLINE_EXCEEDED.
   */
  async admitWhenRoom(size: RequestSize, limits: WaitLimits): Promise<Permit> {
    try {
      return this.#paid(size, await this.#room.admitWhenRoom(size, limits));
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
      throw new SpikingRxError('UNAVAILABLE', 'the service is shutting down', { cause: error });
    }
  }

  /** Grids count against their client's rate once there is room for them. @throws RATE_LIMITED. */
  #paid({ grids, client = '' }: RequestSize, permit: Permit): Permit {
    if (grids === 0) return permit;
    try {
      this.rates.grids.take(withoutStream(client), grids);
      return permit;
    } catch (error) {
      permit.release();
      throw error;
    }
  }

  /**
   * Validates, decodes and computes one grid, and counts how it ended.
   * @param read translates the transport's message; what it throws fails the grid.
   */
  async computeGrid(read: () => WireGrid, context: GridContext): Promise<GridAnswer> {
    try {
      traceAdmission(context);
      const answer = await this.#compute(this.#decode(read(), context));
      this.gridsEnded(context.record, 'OK');
      return answer;
    } catch (error) {
      throw this.#failed(error, context.record);
    }
  }

  /**
   * All grids of one request, or none: the first bad grid fails the request, before any is computed.
   * @throws the first error, which names the grid.
   */
  async computeAll(grids: readonly WireGrid[], context: RequestContext): Promise<readonly GridAnswer[]> {
    try {
      traceAdmission(context);
      checkIds(grids);
      const answers = await together(context.signal, (signal) => {
        const decoded = grids.map((grid, i) =>
          this.#decode(grid, { ...context, field: `grids[${i}]`, signal }),
        );
        this.#checkAnswer(
          decoded.map(({ request }) => request),
          context,
        );
        return decoded.map(async (request) => this.#compute(request));
      });
      this.gridsEnded(context.record, 'OK', answers.length);
      return answers;
    } catch (error) {
      throw this.#failed(error, context.record, grids.length);
    }
  }

  /** Counts grids where they end; transports do so for those that never reach the core. */
  gridsEnded(record: RequestRecord, code: OutcomeCode, count = 1): void {
    this.metrics.requests.gridsEnded(record.start.transport, code, count);
    record.gridsEnded(code, count);
  }

  #checkAnswer(requests: readonly LlrRequest[], { model, maxLlrs }: RequestContext): void {
    if (maxLlrs !== undefined) checkArraySize(requests, model, maxLlrs);
    checkAnswerSize(requests, { model, config: this.config });
  }

  #decode(grid: WireGrid, context: GridContext): Decoded {
    const start = performance.now();
    const trace = traceOf(context);
    const request = this.#decoder.decode(grid, {
      model: context.model,
      field: context.field,
      maxPrb: this.config.maxPrb,
      ...this.deadlines.of(grid, context),
      signal: context.signal,
      client: context.client,
      priority: context.priority ?? 'normal',
      watched: trace?.watched,
    });
    const end = performance.now();
    const decodeMs = end - start;
    this.metrics.stage('decode', decodeMs);
    trace?.decoded(request, { startMs: start, endMs: end });
    const { record, receivedMs } = context;
    const captured = this.capture?.takes() === true && { grid, record, receivedMs };
    return { request, decodeMs, provider: context.model.provider, captured };
  }

  async #compute({ request, captured, ...known }: Decoded): Promise<GridAnswer> {
    try {
      const result = await this.engine.compute(request);
      const quality = { ...result.quality, estimatedSnrDb: request.estimatedSnrDb };
      this.metrics.quality.gridAnswered(result, quality);
      this.reports.answered(request.client ?? '', result, quality);
      const answer = { result, quality, provenance: provenanceOf(result, known) };
      if (captured) this.#capture(captured, answer);
      return answer;
    } finally {
      // The engine needs the request until the answer, and no longer.
      this.#decoder.release(request);
    }
  }

  #capture({ grid, record, receivedMs }: Captured, answer: GridAnswer): void {
    const { transport } = record.start;
    this.capture?.add({ grid, answer, receivedMs: receivedMs ?? record.startMs, transport });
  }

  #failed(error: unknown, record: RequestRecord, grids = 1): SpikingRxError {
    const failure = toSpikingRxError(error);
    this.gridsEnded(record, failure.code, grids);
    return failure;
  }
}

interface Decoded extends Pick<Provenance, 'decodeMs' | 'provider'> {
  readonly request: DecodedGrid;
  /** What is needed to capture the grid with its answer. */
  readonly captured: Captured | false;
}

interface Captured extends Pick<GridContext, 'record'> {
  readonly grid: WireGrid;
  readonly receivedMs: number | undefined;
}

function traceOf({ trace, record }: Pick<RequestContext, 'trace' | 'record'>): Trace | undefined {
  return trace ?? record.trace;
}

/** From the first byte of the request, or of the stream's message, to here. */
function traceAdmission(context: Pick<RequestContext, 'trace' | 'record' | 'receivedMs'>): void {
  const startMs = context.trace ? context.receivedMs : context.record.startMs;
  traceOf(context)?.stage('admission', { startMs, endMs: performance.now() });
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
