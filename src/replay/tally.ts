import type { GridResultMessage } from '../wire/messages.js';
import type { Difference } from './compare.js';

/** Quantiles in milliseconds. */
export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export interface ReplayReport {
  readonly sent: number;
  /** Grids answered with the very LLRs captured; with others within the tolerance; with others beyond it. */
  readonly identical: number;
  readonly close: number;
  readonly different: number;
  readonly errors: Readonly<Record<string, number>>;
  /** Largest |difference| of two LLRs; null where answers do not match in number. */
  readonly largestDifference: number | null;
  /** Answers of another model file than the captured ones. */
  readonly otherModelFile: number;
  /** From when a grid was due (without a pace: sent) to its answer; null without answers. */
  readonly latencyMs: Quantiles | null;
  /** How long after its time a grid was sent; null without a pace. */
  readonly lateMs: Quantiles | null;
}

/** Counts what a replay saw. */
export class Tally {
  #sent = 0;
  #identical = 0;
  #close = 0;
  #different = 0;
  #largest = 0;
  #otherModelFile = 0;
  readonly #errors: Record<string, number> = {};
  readonly #latencies: number[] = [];
  readonly #late: number[] = [];

  constructor(private readonly tolerance: number) {}

  /** @returns how many were sent before. */
  sent(): number {
    return this.#sent++;
  }

  sentLate(ms: number): void {
    this.#late.push(Math.max(0, ms));
  }

  answered(was: GridResultMessage, is: GridResultMessage, difference: Difference, latencyMs: number): void {
    this.#latencies.push(latencyMs);
    if (was.provenance?.sha256 !== is.provenance?.sha256) this.#otherModelFile++;
    this.#largest = Math.max(this.#largest, difference.most);
    if (difference.isIdentical) this.#identical++;
    else if (difference.most <= this.tolerance) this.#close++;
    else this.#different++;
  }

  failed(code: string): void {
    this.#errors[code] = (this.#errors[code] ?? 0) + 1;
  }

  report(): ReplayReport {
    return {
      sent: this.#sent,
      identical: this.#identical,
      close: this.#close,
      different: this.#different,
      errors: this.#errors,
      largestDifference: Number.isFinite(this.#largest) ? this.#largest : null,
      otherModelFile: this.#otherModelFile,
      latencyMs: quantiles(this.#latencies),
      lateMs: quantiles(this.#late),
    };
  }
}

function quantiles(values: readonly number[]): Quantiles | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1]!;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

/** Whether every grid was answered as it was when it was captured, within the tolerance. */
export function isFaithful({ sent, identical, close }: ReplayReport): boolean {
  return identical + close === sent;
}

/** The report for people. */
export function replayText(report: ReplayReport): string {
  const { sent, identical, close, different, errors, largestDifference, otherModelFile } = report;
  const failures = Object.entries(errors).map(([code, count]) => `${code} ${count}`);
  return [
    `grids sent            ${sent}`,
    `  LLRs identical      ${identical}`,
    `  within tolerance    ${close}`,
    `  different           ${different}`,
    `  errors              ${failures.length === 0 ? '0' : failures.join(', ')}`,
    `largest difference    ${largestDifference ?? 'answers do not match in number'}`,
    `other model file      ${otherModelFile}`,
    `latency               ${quantileText(report.latencyMs)}`,
    `sent late by          ${quantileText(report.lateMs)}`,
  ].join('\n');
}

function quantileText(times: Quantiles | null): string {
  if (times === null) return '–';
  return Object.entries(times)
    .map(([name, ms]: [string, number]) => `${name} ${ms.toFixed(2)} ms`)
    .join('  ');
}
