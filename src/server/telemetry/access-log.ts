import type { ErrorCode } from '../../errors.js';
import type { Logger } from '../log.js';
import type { OutcomeCode, Transport } from '../metrics.js';
import { LineBudget } from './line-budget.js';

/** Which request a line is about. Ids and codes only: no names, paths or contents that a client wrote. */
export interface RequestLine {
  readonly requestId: string;
  readonly transport: Transport;
  readonly method: string;
  readonly traceId?: string;
}

/** What a request's line says at its end. */
export interface AccessLine extends RequestLine {
  readonly code: OutcomeCode;
  readonly durationMs: number;
  /** Grids answered with LLRs and with an error; left out where there were none. */
  readonly grids?: number;
  readonly failedGrids?: number;
}

/** Failures that are the service's, or its load's; the others are the client's own doing, which is `info`. */
const LEVELS: Partial<Record<ErrorCode, 'error' | 'warn'>> = {
  INTERNAL: 'error',
  UNAVAILABLE: 'warn',
  QUEUE_FULL: 'warn',
  DEADLINE_EXCEEDED: 'warn',
};

/** Whether the service or its load is to blame, not the client. */
export function isServiceFault(code: OutcomeCode): boolean {
  return code !== 'OK' && LEVELS[code] !== undefined;
}

/**
 * One line for each request that failed, at the level of its code, and for a share of those that did not.
 * Failures of one kind are bounded to ten lines a second, so that a flood of them does not become one of lines;
 * there are as many kinds as methods and codes.
 */
export class AccessLog {
  readonly #budget: LineBudget;
  /** Grows by the share with each request; a line costs 1. The first request is logged. */
  #credit = 1;

  constructor(
    private readonly log: Logger,
    private readonly sample: number,
    now?: () => number,
  ) {
    this.#budget = new LineBudget({ lines: 10, periodMs: 1000, ...(now && { now }) });
  }

  /** @param routine of a probe or a scrape: a line at `debug`, also of "not ready", which is an answer to it. */
  ended(line: AccessLine, routine: boolean): void {
    if (routine && (line.code === 'OK' || line.code === 'UNAVAILABLE')) this.log.debug(line, 'request ended');
    else if (line.code !== 'OK') {
      const level = LEVELS[line.code] ?? 'info';
      this.#budget.spend(`${line.method} ${line.code}`, (fields) =>
        this.log[level]({ ...line, ...fields }, 'request failed'),
      );
    } else if (this.#sampled()) this.log.info(line, 'request ended');
    else this.log.debug(line, 'request ended');
  }

  /** What clients are told of only as INTERNAL. */
  fault(line: RequestLine, error: unknown): void {
    this.#budget.spend(`${line.method} fault`, (fields) =>
      this.log.error({ ...line, ...fields, err: error }, 'internal error'),
    );
  }

  #sampled(): boolean {
    this.#credit += this.sample;
    if (this.sample === 0 || this.#credit < 1) return false;
    this.#credit = this.sample === 1 ? 1 : this.#credit - 1;
    return true;
  }
}
