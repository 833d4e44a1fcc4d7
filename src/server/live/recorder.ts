import type { EngineObserver } from '../../engine/observer.js';
import type { LiveSample } from '../../wire/live.js';
import type { OutcomeCode } from '../metrics/requests.js';
import { StageTimes } from './stage-times.js';

type StageName = keyof LiveSample['stages'];

export type RecordedSample = Pick<LiveSample, 'grids' | 'errors' | 'stages' | 'batches'> & {
  readonly requests: LiveSample['requests'];
  /** Worker time in batches that ended, in milliseconds. */
  readonly computeMs: number;
  readonly restarts: number;
  readonly loopDelayP99Ms: number;
};

/** What has happened since the last sample. The service tells it what it tells the metrics, in the same places. */
export class LiveRecorder {
  readonly #stages: Readonly<Record<StageName, StageTimes>> = {
    decode: new StageTimes(),
    queue: new StageTimes(),
    compute: new StageTimes(),
    encode: new StageTimes(),
    total: new StageTimes(),
  };
  readonly #loopDelay = new StageTimes();
  #counts = noCounts();
  #requestsInFlight = 0;

  /** Hand this to the engine. */
  readonly observer: EngineObserver = {
    batchCompleted: ({ outcome, grids, computeMs }) => {
      if (outcome !== 'ok') return;
      this.#counts.computeMs += computeMs;
      add(this.#counts.batches, String(grids), 1);
    },
    workerRestarted: () => {
      this.#counts.restarts += 1;
    },
  };

  stage(stage: StageName, milliseconds: number): void {
    this.#stages[stage].add(milliseconds);
  }

  gridsEnded(code: OutcomeCode, count: number): void {
    if (code === 'OK') this.#counts.answered += count;
    else {
      this.#counts.failed += count;
      add(this.#counts.errors, code, count);
    }
  }

  requestBegun(): void {
    this.#requestsInFlight += 1;
  }

  /** @param failedGrids those of it that failed, which have been counted. */
  requestEnded(code: OutcomeCode, failedGrids: number): void {
    this.#requestsInFlight -= 1;
    this.#counts.requests += 1;
    if (code !== 'OK' && failedGrids === 0) add(this.#counts.errors, code, 1);
  }

  loopDelayed(milliseconds: number): void {
    this.#loopDelay.add(milliseconds);
  }

  /** Begins anew. */
  take(): RecordedSample {
    const { answered, failed, requests, errors, batches, computeMs, restarts } = this.#counts;
    this.#counts = noCounts();
    const stages: LiveSample['stages'] = {};
    for (const [name, times] of Object.entries(this.#stages) as [StageName, StageTimes][]) {
      const quantiles = times.take();
      if (quantiles) stages[name] = quantiles;
    }
    return {
      grids: { answered, failed },
      requests: { ended: requests, inFlight: this.#requestsInFlight },
      errors,
      stages,
      batches,
      computeMs,
      restarts,
      loopDelayP99Ms: this.#loopDelay.take()?.p99Ms ?? 0,
    };
  }
}

function noCounts() {
  return {
    answered: 0,
    failed: 0,
    requests: 0,
    errors: {} as Record<string, number>,
    batches: {} as Record<string, number>,
    computeMs: 0,
    restarts: 0,
  };
}

function add(counts: Record<string, number>, key: string, count: number): void {
  counts[key] = (counts[key] ?? 0) + count;
}
