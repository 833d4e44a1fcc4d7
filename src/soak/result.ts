import type { Machine } from '../bench/machine.js';
import type { Arrivals } from './arrivals.js';
import type { LatencyFigures } from './histogram.js';
import type { ClientKind, Counts, LatencyClass } from './load.js';
import type { ServiceSample } from './service-watch.js';

export interface CalibrationStep {
  readonly inFlight: number;
  readonly gridsPerSecond: number;
}

export interface SecondFigures {
  readonly second: number;
  readonly arrived: number;
  readonly answered: number;
  readonly errors: number;
  /** Of the grids answered in this second; absent when there were none. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly maxMs?: number;
}

/** Everything one run measured; the record in `bench/soak/results`. */
export interface SoakResult {
  readonly date: string;
  readonly machine: Machine;
  readonly model: { readonly name: string; readonly version: string };
  readonly load: {
    readonly arrivals: Arrivals;
    readonly gridsPerSecond: number;
    /** Share of the highest load; absent when a rate was given. */
    readonly share?: number;
    readonly seconds: number;
    readonly prbs: readonly number[];
    readonly clients: readonly ClientKind[];
    readonly highPriority: number;
    readonly deadlineMs?: number | undefined;
    readonly threads: number;
    readonly seed: number;
  };
  readonly calibration: readonly CalibrationStep[];
  readonly arrived: number;
  /** By `OK` or error code. */
  readonly outcomes: Counts;
  readonly answeredPerSecond: number;
  /** Grids without an outcome; outcomes without a grid; answers with other LLRs than the first to the same grid. */
  readonly lost: number;
  readonly surplus: number;
  readonly differing: number;
  readonly latency: {
    /** From the intended arrival. */
    readonly all: LatencyFigures;
    readonly byClass: Readonly<Partial<Record<LatencyClass, LatencyFigures>>>;
    /** From when the client really sent, for comparison. */
    readonly fromSend: LatencyFigures;
    readonly sendLag: LatencyFigures;
  };
  readonly seconds: readonly SecondFigures[];
  readonly memory: {
    readonly samples: readonly ServiceSample[];
    readonly growthMiBPerMinute: number;
  };
  /** What the service still holds once every grid has had its outcome. */
  readonly heldAfter: { readonly grids: number; readonly bytes: number; readonly inFlight: number };
}

/** Whether nothing went wrong that must not: no grid lost, answered twice or differently, nothing held. */
export function isSound({ lost, surplus, differing, heldAfter }: SoakResult): boolean {
  const held = heldAfter.grids + heldAfter.bytes + heldAfter.inFlight;
  return lost + surplus + differing + held === 0;
}
