import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Engine } from '../../engine/engine.js';
import type { EngineObserver } from '../../engine/observer.js';

const LOAD_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** What is served and how it came to be. Labels are the operator's own folders, never a client's words. */
export class ModelMetrics {
  readonly #loads: Counter<'outcome'>;
  readonly #loadSeconds: Histogram;

  constructor(private readonly registry: Registry) {
    this.#loads = new Counter({
      name: 'spikingrx_model_loads_total',
      help: 'Model versions loaded (ok) or refused, by what was wrong with them',
      labelNames: ['outcome'],
      registers: [registry],
    });
    this.#loadSeconds = new Histogram({
      name: 'spikingrx_model_load_seconds',
      help: 'Time to read, load and check a model version while the service runs, until it serves',
      buckets: LOAD_BUCKETS,
      registers: [registry],
    });
  }

  readonly observer: EngineObserver = {
    modelLoaded: ({ loadMs }) => {
      this.#loads.inc({ outcome: 'ok' });
      if (loadMs !== undefined) this.#loadSeconds.observe(loadMs / 1000);
    },
    modelRefused: ({ kind }) => this.#loads.inc({ outcome: kind }),
  };

  /** Adds the gauges, which follow the catalog. */
  watch(engine: Engine): void {
    const registers = [this.registry];
    void new Gauge({
      name: 'spikingrx_model_info',
      help: 'Model versions served',
      labelNames: ['model', 'version', 'sha256', 'provider'],
      registers,
      collect() {
        this.reset();
        for (const { name, version, sha256, provider } of engine.models())
          this.set({ model: name, version, sha256, provider }, 1);
      },
    });
    void new Gauge({
      name: 'spikingrx_model_state',
      help: 'State of each model version in the repository: READY, LOADING, UNLOADING or UNAVAILABLE',
      labelNames: ['model', 'version', 'state'],
      registers,
      collect() {
        this.reset();
        for (const { name, version, state } of engine.repository.index())
          this.set({ model: name, version, state }, 1);
      },
    });
  }
}
