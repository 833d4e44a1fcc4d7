import type { ErrorCode } from '../../errors.js';
import type { Logger } from '../log.js';
import type { OutcomeCode, Transport } from '../metrics.js';

/** What a request's line says. Ids and codes only: no names, paths or contents that a client wrote. */
export interface AccessLine {
  readonly requestId: string;
  readonly transport: Transport;
  readonly method: string;
  readonly code: OutcomeCode;
  readonly durationMs: number;
  /** Grids answered with LLRs and with an error; left out where there were none. */
  readonly grids?: number;
  readonly failedGrids?: number;
  readonly traceId?: string;
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

/** Lines of one method and code in one window; what is beyond is counted and told with the next line. */
const MAX_FAILURES = 10;
const WINDOW_MS = 1000;

interface Window {
  startMs: number;
  lines: number;
  suppressed: number;
}

/**
 * One line for each request that failed, at the level of its code, and for a share of those that did not.
 * Failures of one kind are bounded to ten lines a second, so that a flood of them does not become one of lines;
 * there are as many kinds as methods and codes.
 */
export class AccessLog {
  readonly #windows = new Map<string, Window>();
  /** Grows by the share with each request; a line costs 1. The first request is logged. */
  #credit = 1;

  constructor(
    private readonly log: Logger,
    private readonly sample: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @param routine of a probe or a scrape: a line at `debug` unless it failed. */
  write(line: AccessLine, routine: boolean): void {
    if (line.code !== 'OK') this.#failed(line, LEVELS[line.code] ?? 'info');
    else if (!routine && this.#sampled()) this.log.info(line, 'request ended');
    else this.log.debug(line, 'request ended');
  }

  #sampled(): boolean {
    this.#credit += this.sample;
    if (this.sample === 0 || this.#credit < 1) return false;
    this.#credit = this.sample === 1 ? 1 : this.#credit - 1;
    return true;
  }

  #failed(line: AccessLine, level: 'error' | 'warn' | 'info'): void {
    const window = this.#window(`${line.method} ${line.code}`);
    if (window.lines >= MAX_FAILURES) {
      window.suppressed++;
      return;
    }
    window.lines++;
    const { suppressed } = window;
    window.suppressed = 0;
    this.log[level]({ ...line, ...(suppressed > 0 && { suppressed }) }, 'request failed');
  }

  #window(kind: string): Window {
    const now = this.now();
    let window = this.#windows.get(kind);
    if (!window) {
      window = { startMs: now, lines: 0, suppressed: 0 };
      this.#windows.set(kind, window);
    }
    if (now - window.startMs >= WINDOW_MS) {
      window.startMs = now;
      window.lines = 0;
    }
    return window;
  }
}
