import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Engine } from '../engine/engine.js';
import type { EngineObserver } from '../engine/observer.js';
import type { ErrorCode } from '../errors.js';
import { BATCH_BUCKETS, STAGE_BUCKETS } from './metrics/buckets.js';
import { AccessMetrics } from './metrics/access.js';
import { watchEngine } from './metrics/engine-state.js';
import { ModelMetrics } from './metrics/models.js';

export type Transport = 'rest' | 'grpc';
export type OutcomeCode = 'OK' | ErrorCode;
export type Stage = 'decode' | 'queue' | 'compute' | 'encode';

/**
 * Everything the service counts, each thing in one place: requests where they end in a transport, grids and
 * their decoding in the service core; batches, workers and the time in queue and batch from the engine's observer,
 * so that grids which never were answered with LLRs count too.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly access = new AccessMetrics(this.#registers);
  readonly #requests = new Counter({
    name: 'spikingrx_requests_total',
    help: 'Requests that ended, by transport, method and code (OK or an error code); a stream counts once',
    labelNames: ['transport', 'method', 'code'],
    registers: this.#registers,
  });
  readonly #requestsInFlight = new Gauge({
    name: 'spikingrx_requests_in_flight',
    help: 'Requests, calls and streams without an end, by transport',
    labelNames: ['transport'],
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

  readonly #models = new ModelMetrics(this.registry);

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    // Gauges named like counters, which Prometheus' own checker refuses; the same values are there by type.
    for (const what of ['handles', 'requests', 'resources'])
      this.registry.removeSingleMetric(`nodejs_active_${what}_total`);
  }

  /** Hand this to the engine. */
  readonly observer: EngineObserver = {
    ...this.#models.observer,
    batchDispatched: ({ grids }) => this.#batchSize.observe(grids),
    batchCompleted: ({ outcome }) => this.#batches.inc({ outcome }),
    gridFinished: ({ outcome, queueMs, computeMs }) => {
      this.stage('queue', queueMs);
      if (outcome === 'OK') this.stage('compute', computeMs);
    },
    workerLost: () => this.#workersLost.inc(),
    workerRestarted: () => this.#workerRestarts.inc(),
  };

  requestBegun(transport: Transport): void {
    this.#requestsInFlight.inc({ transport });
  }

  requestEnded(request: {
    readonly transport: Transport;
    readonly method: string;
    readonly code: OutcomeCode;
    readonly seconds?: number;
  }): void {
    const { transport, method, code, seconds } = request;
    this.#requestsInFlight.dec({ transport });
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

  /** Adds the gauges of an engine. */
  watch(engine: Engine): void {
    watchEngine(engine, this.registry);
    this.#models.watch(engine);
  }
}
