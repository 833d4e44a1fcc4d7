import type { SlotArrivals } from './arrivals.js';
import type { ClientKind } from './load.js';

export type SlotPattern = Pick<SlotArrivals, 'numerology' | 'cells' | 'jitterMs' | 'phase'>;

export interface SoakOptions {
  /** A service that runs already; otherwise one is started, and stopped at the end. */
  readonly service?: { readonly baseUrl: string; readonly target: string } | undefined;
  /** Flags of `spikingrx serve` for the service that is started. */
  readonly serviceFlags: readonly string[];
  /** The service's default when left out. */
  readonly model?: string | undefined;
  /** Length of the load. */
  readonly seconds: number;
  /** Open-loop load before the count begins. */
  readonly warmUpSeconds: number;
  /** Grids a second, or the share of the highest load that calibration finds. */
  readonly load: { readonly gridsPerSecond: number } | { readonly share: number };
  /** Length of each step of the calibration. */
  readonly calibrationSeconds: number;
  /** Poisson arrivals when left out. */
  readonly slots?: SlotPattern | undefined;
  readonly prbs: readonly number[];
  readonly clients: readonly ClientKind[];
  /** Share of the grids that are of high priority, 0 to 1. */
  readonly highPriority: number;
  /** The LLRs are of use for so long; for as long as it takes when left out. */
  readonly deadlineMs?: number | undefined;
  readonly threads: number;
  readonly timeoutMs: number;
  readonly seed: number;
  readonly onProgress: (text: string) => void;
}
