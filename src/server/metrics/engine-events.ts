import { Counter, Histogram, type Registry } from 'prom-client';
import type { EngineObserver } from '../../engine/observer.js';
import { BATCH_BUCKETS, FILL_BUCKETS, STAGE_BUCKETS } from './buckets.js';
import { BoundedModelLabels, type ModelLabels } from './model-labels.js';
import type { OutcomeCode } from './requests.js';
import { TalliedCounter, type Tally } from './tallied-counter.js';

/** Batches, workers, and grids by model: what the engine tells, as it happens. */
export class EngineEventMetrics {
  readonly #labels = new BoundedModelLabels();
  readonly #sizes;
  readonly #fill;
  readonly #batches;
  readonly #batchSeconds;
  readonly #modelGrids: TalliedCounter<'model' | 'version' | 'code'>;
  readonly #tallies = new Map<ModelLabels, Map<OutcomeCode, Tally>>();
  readonly #workersLost;
  readonly #workerRestarts;

  constructor(registers: Registry[]) {
    this.#sizes = new Histogram({
      name: 'spikingrx_batch_size_grids',
      help: 'Grids in a batch sent to a worker',
      buckets: BATCH_BUCKETS,
      registers,
    });
    this.#fill = new Histogram({
      name: 'spikingrx_batch_fill_ratio',
      help: 'Grids in a batch sent to a worker, as a part of the most that limits allow for their shape',
      buckets: FILL_BUCKETS,
      registers,
    });
    this.#batches = new Counter({
      name: 'spikingrx_batches_total',
      help: 'Batches that ended, by outcome',
      labelNames: ['outcome'],
      registers,
    });
    this.#batchSeconds = new Histogram({
      name: 'spikingrx_batch_compute_seconds',
      help: 'Time that the runtime took for a batch, by model version; its sum is what workers were busy for',
      labelNames: ['model', 'version'],
      buckets: STAGE_BUCKETS,
      registers,
    });
    this.#modelGrids = new TalliedCounter({
      name: 'spikingrx_model_grids_total',
      help: 'Grids that were queued and have ended, by model version and code (OK or an error code)',
      labelNames: ['model', 'version', 'code'],
      registers,
    });
    this.#workersLost = new Counter({
      name: 'spikingrx_workers_lost_total',
      help: 'Workers that died or failed to start',
      registers,
    });
    this.#workerRestarts = new Counter({
      name: 'spikingrx_worker_restarts_total',
      help: 'Workers that replaced a lost one',
      registers,
    });
    for (const outcome of ['ok', 'failed', 'worker_lost'] as const) this.#batches.inc({ outcome }, 0);
  }

  readonly observer: EngineObserver = {
    batchDispatched: ({ grids, capacity }) => {
      this.#sizes.observe(grids);
      this.#fill.observe(grids / capacity);
    },
    batchCompleted: ({ outcome, model, version, computeMs }) => {
      this.#batches.inc({ outcome });
      if (outcome === 'ok')
        this.#batchSeconds.observe({ ...this.#labels.of(model, version) }, computeMs / 1000);
    },
    gridFinished: ({ outcome, model, version }) =>
      this.#gridsOf(this.#labels.of(model, version), outcome).count++,
    workerLost: () => this.#workersLost.inc(),
    workerRestarted: () => this.#workerRestarts.inc(),
  };

  #gridsOf(labels: ModelLabels, code: OutcomeCode): Tally {
    let byCode = this.#tallies.get(labels);
    if (!byCode) this.#tallies.set(labels, (byCode = new Map()));
    let tally = byCode.get(code);
    if (!tally) byCode.set(code, (tally = this.#modelGrids.tally({ ...labels, code })));
    return tally;
  }
}
