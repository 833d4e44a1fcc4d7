import { Gauge, type Registry } from 'prom-client';
import type { Engine } from '../../engine/engine.js';

/** Adds the gauges that are read from the engine whenever the metrics are. */
export function watchEngine(engine: Engine, registry: Registry): void {
  const gauge = (name: string, help: string, read: () => number): void => {
    const metric = new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(read());
      },
    });
    registry.registerMetric(metric);
  };
  gauge('spikingrx_admitted_grids', 'Grids inside the service', () => engine.stats.admittedGrids);
  gauge('spikingrx_admitted_bytes', 'Request bytes inside the service', () => engine.stats.admittedBytes);
  gauge('spikingrx_queue_grids', 'Grids that wait for a batch', () => engine.stats.waitingGrids);
  gauge(
    'spikingrx_queue_oldest_age_seconds',
    'How long the grid that waits longest for a batch has waited; 0 when none waits',
    () => engine.stats.oldestWaitMs / 1000,
  );
  gauge('spikingrx_grids_in_flight', 'Grids without an answer', () => engine.stats.unansweredGrids);
  gauge('spikingrx_batches_in_flight', 'Batches at the workers', () => engine.stats.batchesInFlight);
  gauge('spikingrx_workers', 'Workers that are alive and warm', () => engine.stats.liveWorkers);
  const { workers, maxQueuedGrids, maxQueuedBytes } = engine.options;
  gauge('spikingrx_workers_configured', 'Workers that there should be', () => workers);
  gauge('spikingrx_admitted_grids_limit', 'Most grids inside the service', () => maxQueuedGrids);
  gauge('spikingrx_admitted_bytes_limit', 'Most request bytes inside the service', () => maxQueuedBytes);
  gauge('spikingrx_ready', '1 when the engine is ready', () => Number(engine.ready));
  const { provider, fallbackReason } = engine.provider;
  const providerInfo = new Gauge({
    name: 'spikingrx_provider_info',
    help: 'Execution provider in use and asked for; fallback is true when auto found no CUDA',
    labelNames: ['provider', 'requested', 'fallback'],
    registers: [registry],
  });
  providerInfo.set(
    { provider, requested: engine.options.provider, fallback: String(fallbackReason !== undefined) },
    1,
  );
}
