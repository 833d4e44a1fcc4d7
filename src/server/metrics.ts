import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Engine } from '../engine/engine.js';
import type { EngineObserver } from '../engine/observer.js';
import type { ErrorCode } from '../errors.js';

export type Transport = 'rest' | 'grpc';
export type OutcomeCode = 'OK' | ErrorCode;
export type Stage = 'decode' | 'queue' | 'compute' | 'encode';

/** 50 µs to 50 ms where grids spend their time, and beyond for overload, in seconds. */
const STAGE_BUCKETS = [
  50e-6, 100e-6, 200e-6, 350e-6, 500e-6, 1e-3, 2e-3, 3.5e-3, 5e-3, 10e-3, 20e-3, 35e-3, 50e-3, 0.1, 0.25, 0.5,
  1, 2.5, 10, 30,
];
const BATCH_BUCKETS = [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 128, 256];

/**
 * Everything the service counts, each thing in one place: requests where they end in a transport, grids and
 * their decoding in the service core; batches, workers and the time in queue and batch from the engine's observer,
 * so that grids which never were answered with LLRs count too.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly #requests = new Counter({
    name: 'spikingrx_requests_total',
    help: 'Requests that ended, by transport, method and code (OK or an error code); a stream counts once',
    labelNames: ['transport', 'method', 'code'],
    registers: this.#registers,
  });
  readonly #requestSeconds = new Histogram({
    name: 'spikingrx_request_duration_seconds',
    help: 'Time from the first byte of a request to the end of its answer; streams are left out',
    labelNames: ['transport', 'method'],
    buckets: STAGE_BUCKETS,
    registers: this.#registers,
  });
  readonly #grids = new Counter({
    name: 'spikingrx_grids_total',
    help: 'Grids answered, by transport and code (OK or an error code)',
    labelNames: ['transport', 'code'],
    registers: this.#registers,
  });
  readonly #stageSeconds = new Histogram({
    name: 'spikingrx_stage_seconds',
    help: 'Time in a stage: decode, queue (however it ended) and compute for each grid, encode for each message',
    labelNames: ['stage'],
    buckets: STAGE_BUCKETS,
    registers: this.#registers,
  });
  readonly #batchSize = new Histogram({
    name: 'spikingrx_batch_size',
    help: 'Grids in a batch sent to a worker',
    buckets: BATCH_BUCKETS,
    registers: this.#registers,
  });
  readonly #batches = new Counter({
    name: 'spikingrx_batches_total',
    help: 'Batches that ended, by outcome',
    labelNames: ['outcome'],
    registers: this.#registers,
  });
  readonly #workersLost = new Counter({
    name: 'spikingrx_workers_lost_total',
    help: 'Workers that died or failed to start',
    registers: this.#registers,
  });
  readonly #workerRestarts = new Counter({
    name: 'spikingrx_worker_restarts_total',
    help: 'Workers that replaced a lost one',
    registers: this.#registers,
  });
  readonly #streams = new Gauge({
    name: 'spikingrx_streams',
    help: 'gRPC streams open',
    registers: this.#registers,
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    // Gauges named like counters, which Prometheus' own checker refuses; the same values are there by type.
    for (const what of ['handles', 'requests', 'resources'])
      this.registry.removeSingleMetric(`nodejs_active_${what}_total`);
  }

  /** Hand this to the engine. */
  readonly observer: EngineObserver = {
    batchDispatched: ({ grids }) => this.#batchSize.observe(grids),
    batchCompleted: ({ outcome }) => this.#batches.inc({ outcome }),
    gridFinished: ({ outcome, queueMs, computeMs }) => {
      this.stage('queue', queueMs);
      if (outcome === 'OK') this.stage('compute', computeMs);
    },
    workerLost: () => this.#workersLost.inc(),
    workerRestarted: () => this.#workerRestarts.inc(),
  };

  requestEnded(request: {
    readonly transport: Transport;
    readonly method: string;
    readonly code: OutcomeCode;
    readonly seconds?: number;
  }): void {
    const { transport, method, code, seconds } = request;
    this.#requests.inc({ transport, method, code });
    if (seconds !== undefined) this.#requestSeconds.observe({ transport, method }, seconds);
  }

  gridsEnded(transport: Transport, code: OutcomeCode, count = 1): void {
    this.#grids.inc({ transport, code }, count);
  }

  stage(stage: Stage, milliseconds: number): void {
    this.#stageSeconds.observe({ stage }, milliseconds / 1000);
  }

  streamOpened(): void {
    this.#streams.inc();
  }

  streamClosed(): void {
    this.#streams.dec();
  }

  /** Adds the gauges that are read from the engine whenever the metrics are. */
  watch(engine: Engine): void {
    this.#gauge('spikingrx_admitted_grids', 'Grids inside the service', () => engine.stats.admittedGrids);
    this.#gauge(
      'spikingrx_admitted_bytes',
      'Request bytes inside the service',
      () => engine.stats.admittedBytes,
    );
    this.#gauge('spikingrx_queue_grids', 'Grids that wait for a batch', () => engine.stats.waitingGrids);
    this.#gauge('spikingrx_grids_in_flight', 'Grids without an answer', () => engine.stats.unansweredGrids);
    this.#gauge('spikingrx_batches_in_flight', 'Batches at the workers', () => engine.stats.batchesInFlight);
    this.#gauge('spikingrx_workers', 'Workers that are alive and warm', () => engine.stats.liveWorkers);
    this.#gauge('spikingrx_ready', '1 when the engine is ready', () => Number(engine.ready));
    const { provider, fallbackReason } = engine.provider;
    const providerInfo = new Gauge({
      name: 'spikingrx_provider_info',
      help: 'Execution provider in use and asked for; fallback is true when auto found no CUDA',
      labelNames: ['provider', 'requested', 'fallback'],
      registers: [this.registry],
    });
    providerInfo.set(
      { provider, requested: engine.options.provider, fallback: String(fallbackReason !== undefined) },
      1,
    );
    const models = new Gauge({
      name: 'spikingrx_model_info',
      help: 'Model versions served',
      labelNames: ['model', 'version', 'sha256', 'provider'],
      registers: [this.registry],
    });
    for (const { name, version, sha256, provider: on } of engine.models())
      models.set({ model: name, version, sha256, provider: on }, 1);
  }

  #gauge(name: string, help: string, read: () => number): void {
    const gauge = new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(read());
      },
    });
    this.registry.registerMetric(gauge);
  }
}
