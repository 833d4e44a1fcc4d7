import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Engine } from '../../engine/engine.js';
import type { EngineObserver } from '../../engine/observer.js';

/** Seconds left to a deadline; below 0 the answer was expected late. */
const SLACK_BUCKETS = [
  -0.1, -10e-3, -1e-3, 0, 100e-6, 250e-6, 500e-6, 1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 0.1, 1, 10,
];

/** How the queue keeps deadlines, priorities and fair shares. */
export class SchedulingMetrics {
  readonly #slack: Histogram<'priority'>;
  readonly #missed: Counter<'kind' | 'priority'>;

  constructor(private readonly registers: Registry[]) {
    this.#slack = new Histogram({
      name: 'spikingrx_slack_seconds',
      help: 'Time expected to be left to the deadline of a grid when its batch was sent',
      labelNames: ['priority'],
      buckets: SLACK_BUCKETS,
      registers,
    });
    this.#missed = new Counter({
      name: 'spikingrx_deadlines_missed_total',
      help: 'Grids whose deadline or time limit passed, in the queue (never computed) or in a batch (late)',
      labelNames: ['kind', 'priority'],
      registers,
    });
    for (const priority of ['normal', 'high'])
      for (const kind of ['queue', 'late']) this.#missed.inc({ kind, priority }, 0);
  }

  /** Hand this to the engine. */
  readonly observer: EngineObserver = {
    gridFinished: ({ outcome, batchSize, slackMs, priority }) => {
      if (slackMs !== undefined) this.#slack.observe({ priority }, slackMs / 1000);
      if (outcome !== 'DEADLINE_EXCEEDED') return;
      this.#missed.inc({ kind: batchSize === 0 ? 'queue' : 'late', priority });
    },
  };

  /** Adds the gauge of what has come of gRPC messages and is not admitted yet. */
  watchInboxes(inboxes: { readonly bytes: number }): void {
    const gauge = new Gauge({
      name: 'spikingrx_grpc_inbox_bytes',
      help: 'Bytes of gRPC messages that have come in part, or whole and wait to be admitted',
      registers: this.registers,
      collect() {
        gauge.set(inboxes.bytes);
      },
    });
  }

  /** Adds the gauges of an engine. */
  watch(engine: Engine): void {
    const { registers } = this;
    const depth = new Gauge({
      name: 'spikingrx_queue_priority_grids',
      help: 'Grids that wait for a batch, by priority',
      labelNames: ['priority'],
      registers,
      collect() {
        const { waitingGrids, waitingHighGrids } = engine.stats;
        depth.set({ priority: 'high' }, waitingHighGrids);
        depth.set({ priority: 'normal' }, waitingGrids - waitingHighGrids);
      },
    });
    const share = new Gauge({
      name: 'spikingrx_admitted_client_share_max_ratio',
      help: 'Largest part of the admitted grids that one client holds, 0 to 1',
      registers,
      collect() {
        share.set(engine.stats.largestClientShare);
      },
    });
  }
}
