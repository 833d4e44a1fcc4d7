import { Gauge, Registry } from 'prom-client';
import type { Engine } from '../engine/engine.js';
import type { EngineObserver } from '../engine/observer.js';
import { AccessMetrics } from './metrics/access.js';
import { STAGE_BUCKETS } from './metrics/buckets.js';
import { CaptureMetrics } from './metrics/capture.js';
import type { LiveRecorder } from './live/recorder.js';
import { DecodingMetrics } from './metrics/decoding.js';
import { CountedHistogram, type CountedSeries } from './metrics/counted-histogram.js';
import { EngineEventMetrics } from './metrics/engine-events.js';
import { watchEngine } from './metrics/engine-state.js';
import { ModelMetrics } from './metrics/models.js';
import { ProcessMetrics } from './metrics/process.js';
import { QualityMetrics } from './metrics/quality.js';
import { RequestMetrics } from './metrics/requests.js';
import { SchedulingMetrics } from './metrics/scheduling.js';
import { SpikesMetrics } from './metrics/spikes.js';
import { allObservers } from './telemetry/observers.js';

export type { OutcomeCode, Transport } from './metrics/requests.js';

export type Stage = 'decode' | 'queue' | 'compute' | 'encode';

/**
 * Everything the service counts, each thing in one place: requests by their records, grids and their decoding in
 * the service core; batches, workers and the time in queue and batch from the engine's observer, so that grids
 * which never were answered with LLRs count too. Labels have few values, none of them written by clients.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly access = new AccessMetrics(this.#registers);
  readonly requests = new RequestMetrics(this.#registers);
  readonly #events = new EngineEventMetrics(this.#registers);
  readonly #process;
  readonly #stageSeconds = new CountedHistogram({
    name: 'spikingrx_stage_seconds',
    help: 'Time in a stage: decode, queue (however it ended) and compute for each grid, encode for each message',
    limits: STAGE_BUCKETS,
    registry: this.registry,
  });
  readonly #stages = {
    decode: this.#stageSeconds.series({ stage: 'decode' }),
    queue: this.#stageSeconds.series({ stage: 'queue' }),
    compute: this.#stageSeconds.series({ stage: 'compute' }),
    encode: this.#stageSeconds.series({ stage: 'encode' }),
  } satisfies Record<Stage, CountedSeries>;
  readonly #models = new ModelMetrics(this.registry);
  readonly scheduling = new SchedulingMetrics(this.#registers);
  readonly quality = new QualityMetrics(this.registry);
  readonly decoding = new DecodingMetrics(this.registry);
  readonly capture = new CaptureMetrics(this.registry);
  readonly #spikes = new SpikesMetrics(this.registry);

  /** Hand this to the engine. */
  readonly observer: EngineObserver;

  /** @param live is told the same, for those who look on; nobody may when left out. */
  constructor(readonly live?: LiveRecorder) {
    this.#process = new ProcessMetrics(this.registry, (milliseconds) => live?.loopDelayed(milliseconds));
    this.observer = allObservers(
      this.#events.observer,
      this.#models.observer,
      this.scheduling.observer,
      this.quality.observer,
      this.#spikes.observer,
      live?.observer,
      {
        gridFinished: ({ outcome, queueMs, computeMs }) => {
          this.stage('queue', queueMs);
          if (outcome === 'OK') this.stage('compute', computeMs);
        },
      },
    );
  }

  stage(stage: Stage, milliseconds: number): void {
    this.#stages[stage].observe(milliseconds / 1000);
    this.live?.stage(stage, milliseconds);
  }

  /** Adds the gauges of an engine. */
  watch(engine: Engine): void {
    watchEngine(engine, this.registry);
    this.#models.watch(engine);
    this.scheduling.watch(engine);
    this.#spikes.watch(engine);
  }

  /** Adds the gauge of those who look on. */
  watchLive(feed: { readonly streams: number }): void {
    const streams = new Gauge({
      name: 'spikingrx_live_streams',
      help: 'Event streams of live data that are open',
      registers: [],
      collect() {
        this.set(feed.streams);
      },
    });
    this.registry.registerMetric(streams);
  }

  /** Nothing is measured any more by itself. */
  close(): void {
    this.#process.stop();
  }
}
