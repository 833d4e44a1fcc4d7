import { Gauge, Histogram, type Registry } from 'prom-client';
import type { Engine } from '../../engine/engine.js';
import type { EngineObserver } from '../../engine/observer.js';
import { STAGE_BUCKETS } from './buckets.js';
import { BoundedModelLabels } from './model-labels.js';

/** What those who asked for spikes were shown, and what it took. */
export class SpikesMetrics {
  readonly #labels = new BoundedModelLabels();
  readonly #seconds: Histogram;
  readonly #rate: Gauge;

  constructor(private readonly registry: Registry) {
    const registers = [registry];
    this.#seconds = new Histogram({
      name: 'spikingrx_spikes_compute_seconds',
      help: 'Time that the runtime took for a grid whose spikes were shown',
      buckets: STAGE_BUCKETS,
      registers,
    });
    this.#rate = new Gauge({
      name: 'spikingrx_firing_rate_ratio',
      help: 'Share of the neurons of a layer that fired in a time step, of the grid whose spikes were shown last',
      labelNames: ['model', 'version', 'layer'],
      registers,
    });
  }

  readonly observer: EngineObserver = {
    spikesShown: ({ model, version, timing, firingRates }) => {
      this.#seconds.observe(timing.computeMs / 1000);
      const labels = this.#labels.of(model, version);
      for (const { layer, rate } of firingRates) this.#rate.set({ ...labels, layer }, rate);
    },
  };

  watch(engine: Engine): void {
    const gauge = (name: string, help: string, read: () => number): void => {
      this.registry.registerMetric(
        new Gauge({
          name,
          help,
          registers: [],
          collect() {
            this.set(read());
          },
        }),
      );
    };
    gauge(
      'spikingrx_spikes_requests',
      'Requests for spikes whose answer is not out',
      () => engine.stats.spikesRequests,
    );
    gauge(
      'spikingrx_spikes_workers',
      'Threads that compute spikes: 1 while they are asked for',
      () => engine.stats.spikesWorkers,
    );
  }
}
