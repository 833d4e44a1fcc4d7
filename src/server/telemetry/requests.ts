import type { Metrics, OutcomeCode, Transport } from '../metrics.js';
import type { AccessLog, RequestLine } from './access-log.js';
import { REQUEST_ID_HEADER } from './request-id.js';
import type { Times, Trace, Tracing } from './tracing.js';

/** Reads one header, or one key of metadata. */
export type HeaderReader = (name: string) => string | undefined;

export interface RequestStart {
  readonly transport: Transport;
  /** A route's pattern or the name of a gRPC method, never what a client wrote: it is a label of metrics. */
  readonly method: string;
  /** From `requestId`. */
  readonly id: string;
  readonly headers: HeaderReader;
  /** Its duration says nothing of the service, because the client decides when it ends. */
  readonly isStream?: boolean;
  /** A probe, a scrape, somebody who looks on: not worth a line in the log. */
  readonly isRoutine?: boolean;
}

export interface RequestsParts {
  readonly metrics: Metrics;
  readonly accessLog: AccessLog;
  readonly tracing?: Tracing | undefined;
}

interface RequestHooks {
  readonly encoded: (milliseconds: number) => void;
  /** Called once. */
  readonly ended: (record: RequestRecord, code: OutcomeCode) => void;
  readonly fault: (record: RequestRecord, error: unknown) => void;
}

function justNow(milliseconds: number): Times {
  const endMs = performance.now();
  return { startMs: endMs - milliseconds, endMs };
}

/** Every request, call and stream, from its first byte to its end: each is counted and logged once, here. */
export class Requests {
  constructor(private readonly parts: RequestsParts) {}

  begin(start: RequestStart): RequestRecord {
    this.parts.metrics.requests.begun(start.transport);
    // Those who look on do not look for probes, nor for themselves.
    if (!start.isRoutine) this.parts.metrics.live?.requestBegun();
    return new RequestRecord(start, this.parts.tracing, {
      encoded: (milliseconds) => this.parts.metrics.stage('encode', milliseconds),
      ended: (record, code) => this.#ended(record, code),
      fault: (record, error) => this.parts.accessLog.fault(record.line, error),
    });
  }

  /** Sends the spans that wait to be sent. Never rejects. */
  async close(): Promise<void> {
    await this.parts.tracing?.close();
  }

  /** Answers were encoded in one message, just now. */
  encoded(answers: readonly object[], milliseconds: number): void {
    this.parts.metrics.stage('encode', milliseconds);
    this.parts.tracing?.encoded(answers, justNow(milliseconds));
  }

  #ended(record: RequestRecord, code: OutcomeCode): void {
    const { transport, method, isStream = false, isRoutine = false } = record.start;
    const durationMs = performance.now() - record.startMs;
    const { metrics, accessLog } = this.parts;
    metrics.requests.ended({ transport, method, code, ...(!isStream && { seconds: durationMs / 1000 }) });
    const { answered, failed } = record.grids;
    if (!isRoutine) metrics.live?.requestEnded(code, failed);
    accessLog.ended(
      {
        ...record.line,
        code,
        durationMs,
        ...(answered > 0 && { grids: answered }),
        ...(failed > 0 && { failedGrids: failed }),
      },
      isRoutine,
    );
  }
}

/** One request, call or stream. */
export class RequestRecord {
  /** On the `performance.now()` clock. */
  readonly startMs = performance.now();
  readonly #grids = { answered: 0, failed: 0 };
  /** Undefined where nothing is traced, which is the rule. */
  readonly trace: Trace | undefined;
  readonly #traceId: string | undefined;
  #isOver = false;

  constructor(
    readonly start: RequestStart,
    tracing: Tracing | undefined,
    private readonly hooks: RequestHooks,
  ) {
    this.trace = start.isRoutine ? undefined : tracing?.begin(start, this.startMs);
    // Asked for now: a span that has ended does not tell.
    this.#traceId = this.trace?.traceId;
  }

  get id(): string {
    return this.start.id;
  }

  get grids(): { readonly answered: number; readonly failed: number } {
    return this.#grids;
  }

  /** For log lines about it. */
  get line(): RequestLine {
    const { id: requestId, transport, method } = this.start;
    const traceId = this.#traceId;
    return { requestId, transport, method, ...(traceId !== undefined && { traceId }) };
  }

  /** Headers of the answer, or its metadata. */
  get answerHeaders(): Readonly<Record<string, string>> {
    return { [REQUEST_ID_HEADER]: this.id, ...this.trace?.headers };
  }

  gridsEnded(code: OutcomeCode, count: number): void {
    if (code === 'OK') this.#grids.answered += count;
    else this.#grids.failed += count;
  }

  /** The answer has been encoded, just now. */
  encoded(milliseconds: number): void {
    this.hooks.encoded(milliseconds);
    this.trace?.stage('encode', justNow(milliseconds));
  }

  /** Logs what failed inside the service; the client is told INTERNAL and no more. */
  fault(error: unknown): void {
    this.hooks.fault(this, error);
  }

  /** Idempotent: the first code counts. */
  end(code: OutcomeCode): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.hooks.ended(this, code);
    this.trace?.end(code);
  }
}
