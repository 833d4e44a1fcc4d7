/** What the coordinator and the load threads say to each other. */
import type { RecordableHistogram } from 'node:perf_hooks';
import type { Arrivals } from './arrivals.js';

export const CLIENT_KINDS = ['rest-json', 'rest-binary', 'grpc-unary', 'grpc-stream'] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

export const PRIORITIES = ['normal', 'high'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** What latencies are told apart by; each grid belongs to one client and one priority. */
export const LATENCY_CLASSES = [...CLIENT_KINDS, 'normal priority', 'high priority'] as const;
export type LatencyClass = (typeof LATENCY_CLASSES)[number];

/** `workerData` of a load thread. */
export interface LoadSetup {
  /** `http://host:port` */
  readonly baseUrl: string;
  /** `host:port` of gRPC. */
  readonly target: string;
  readonly model: string;
  readonly version: string;
  readonly nRx: number;
  readonly prbs: readonly number[];
  readonly clients: readonly ClientKind[];
  /** Share of the grids that are of high priority, 0 to 1. */
  readonly highPriority: number;
  /** The LLRs are of use for so long; for as long as it takes when left out. */
  readonly deadlineMs?: number | undefined;
  /** Longest wait for an answer, in milliseconds; asked of the service too. */
  readonly timeoutMs: number;
  readonly seed: number;
  /** Of this thread among all. */
  readonly index: number;
}

/** Closed loop: `inFlight` grids unanswered all the time. */
export interface SaturateCommand {
  readonly type: 'saturate';
  readonly inFlight: number;
  readonly seconds: number;
}

/** Open loop. */
export interface ArriveCommand {
  readonly type: 'arrive';
  readonly arrivals: Arrivals;
  readonly seconds: number;
}

export type LoadCommand = SaturateCommand | ArriveCommand | { readonly type: 'close' };

export type Counts = Record<string, number>;

/** What happened in one second of the load; grids count where they arrived, outcomes where they came. */
export interface IntervalReport {
  readonly type: 'interval';
  readonly second: number;
  readonly arrived: number;
  /** By `OK` or the code of the error. */
  readonly outcomes: Counts;
  /** Microseconds from the intended arrival to the answer, of grids answered with LLRs. */
  readonly latency: RecordableHistogram;
}

/** The end of an open-loop run, when no answer is waited for any more. */
export interface LoadReport {
  readonly type: 'done';
  readonly arrived: number;
  /** By `OK` or the code of the error; each grid once. */
  readonly outcomes: Counts;
  /** Grids without any outcome: lost. */
  readonly lost: number;
  /** Outcomes of grids that had one already, or that nobody sent. */
  readonly surplus: number;
  /** Answers with other LLRs than the first answer to the same grid. */
  readonly differing: number;
  /** Microseconds, of grids answered with LLRs: from the intended arrival. */
  readonly latency: Readonly<Record<LatencyClass, RecordableHistogram>>;
  /** The same from the time when the client really sent: what a closed loop would have measured. */
  readonly fromSend: RecordableHistogram;
  /** From the intended arrival until the client really sent. */
  readonly sendLag: RecordableHistogram;
}

export type LoadReply =
  | { readonly type: 'ready' }
  | { readonly type: 'saturated'; readonly gridsPerSecond: number; readonly failures: number }
  | IntervalReport
  | LoadReport
  | { readonly type: 'failed'; readonly message: string };
