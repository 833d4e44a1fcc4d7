import type { Metrics, OutcomeCode, Transport } from '../metrics.js';
import type { AccessLog } from './access-log.js';
import { REQUEST_ID_HEADER } from './request-id.js';

export interface RequestStart {
  readonly transport: Transport;
  /** A route's pattern or the name of a gRPC method, never what a client wrote: it is a label of metrics. */
  readonly method: string;
  /** From `requestId`. */
  readonly id: string;
  /** Its duration says nothing of the service, because the client decides when it ends. */
  readonly isStream?: boolean;
  /** A probe or a scrape: not worth a line in the log. */
  readonly isRoutine?: boolean;
}

/** Every request, call and stream, from its first byte to its end: each is counted and logged once, here. */
export class Requests {
  constructor(
    private readonly metrics: Metrics,
    private readonly accessLog: AccessLog,
  ) {}

  begin(start: RequestStart): RequestRecord {
    this.metrics.requestBegun(start.transport);
    return new RequestRecord(start, (record, code) => this.#ended(record, code));
  }

  #ended(record: RequestRecord, code: OutcomeCode): void {
    const { transport, method, id, isStream = false, isRoutine = false } = record.start;
    const durationMs = performance.now() - record.startMs;
    this.metrics.requestEnded({ transport, method, code, ...(!isStream && { seconds: durationMs / 1000 }) });
    const { answered, failed } = record.grids;
    this.accessLog.write(
      {
        requestId: id,
        transport,
        method,
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
  #isOver = false;

  /** @param onEnded called once. */
  constructor(
    readonly start: RequestStart,
    private readonly onEnded: (record: RequestRecord, code: OutcomeCode) => void,
  ) {}

  get id(): string {
    return this.start.id;
  }

  get grids(): { readonly answered: number; readonly failed: number } {
    return this.#grids;
  }

  /** Headers of the answer, or its metadata. */
  get answerHeaders(): Readonly<Record<string, string>> {
    return { [REQUEST_ID_HEADER]: this.id };
  }

  gridsEnded(code: OutcomeCode, count: number): void {
    if (code === 'OK') this.#grids.answered += count;
    else this.#grids.failed += count;
  }

  /** Idempotent: the first code counts. */
  end(code: OutcomeCode): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.onEnded(this, code);
  }
}
