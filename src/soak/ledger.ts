import type { RecordableHistogram } from 'node:perf_hooks';
import type { GridLlr } from '../client/index.js';
import { newHistogram, recordMs } from './histogram.js';
import {
  type ClientKind,
  type Counts,
  type IntervalReport,
  LATENCY_CLASSES,
  type LatencyClass,
  type LoadReport,
  type Priority,
} from './load.js';

/** One grid on its way. Times are milliseconds on the `performance.now()` clock. */
interface Entry {
  readonly kind: ClientKind;
  readonly priority: Priority;
  /** Which of the distinct grids. */
  readonly grid: number;
  readonly dueMs: number;
  readonly sentMs: number;
}

/** Keeps account of every grid: each must have exactly one outcome. */
export class Ledger {
  readonly #open = new Map<number, Entry>();
  readonly #outcomes: Counts = {};
  readonly #latency = Object.fromEntries(LATENCY_CLASSES.map((name) => [name, newHistogram()])) as Record<
    LatencyClass,
    RecordableHistogram
  >;
  readonly #fromSend = newHistogram();
  readonly #sendLag = newHistogram();
  /** LLRs of the first answer to each of the distinct grids. */
  readonly #expected = new Map<number, Buffer>();
  #next = 0;
  #arrived = 0;
  #surplus = 0;
  #differing = 0;
  #interval = { arrived: 0, outcomes: {} as Counts, latency: newHistogram() };

  get outstanding(): number {
    return this.#open.size;
  }

  /** @returns the number under which the outcome is told. */
  sent(entry: Entry): number {
    this.#next += 1;
    this.#arrived += 1;
    this.#interval.arrived += 1;
    this.#open.set(this.#next, entry);
    recordMs(this.#sendLag, entry.sentMs - entry.dueMs);
    return this.#next;
  }

  answered(number: number, answer: GridLlr, nowMs = performance.now()): void {
    const entry = this.#settle(number, 'OK');
    if (!entry) return;
    const latencyMs = nowMs - entry.dueMs;
    recordMs(this.#latency[entry.kind], latencyMs);
    recordMs(this.#latency[`${entry.priority} priority`], latencyMs);
    recordMs(this.#interval.latency, latencyMs);
    recordMs(this.#fromSend, nowMs - entry.sentMs);
    const expected = this.#expected.get(entry.grid);
    if (!expected) this.#expected.set(entry.grid, Buffer.from(answer.llr.data));
    else if (!expected.equals(answer.llr.data)) this.#differing += 1;
  }

  failed(number: number, code: string): void {
    this.#settle(number, code);
  }

  #settle(number: number, outcome: string): Entry | undefined {
    const entry = this.#open.get(number);
    if (!entry) {
      this.#surplus += 1;
      return undefined;
    }
    this.#open.delete(number);
    for (const counts of [this.#outcomes, this.#interval.outcomes])
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    return entry;
  }

  /** What has happened since this was last asked. */
  interval(second: number): IntervalReport {
    const interval = this.#interval;
    this.#interval = { arrived: 0, outcomes: {}, latency: newHistogram() };
    return { type: 'interval', second, ...interval };
  }

  report(): LoadReport {
    return {
      type: 'done',
      arrived: this.#arrived,
      outcomes: this.#outcomes,
      lost: this.#open.size,
      surplus: this.#surplus,
      differing: this.#differing,
      latency: this.#latency,
      fromSend: this.#fromSend,
      sendLag: this.#sendLag,
    };
  }
}
