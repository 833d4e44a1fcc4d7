import { performance } from 'node:perf_hooks';
import { collectDefaultMetrics, Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { PACKAGE_VERSION, RUNTIME_VERSION } from '../version.js';
import { DELAY_BUCKETS } from './buckets.js';

/** How often the loop's delay is measured. */
const SAMPLE_MS = 20;

/** The process: versions, memory and CPU (prom-client's own), and how late the event loop is. */
export class ProcessMetrics {
  readonly #sampler: NodeJS.Timeout;

  /** @param onDelay is told each delay of the loop too, in milliseconds. */
  constructor(registry: Registry, onDelay: (milliseconds: number) => void) {
    const registers = [registry];
    collectDefaultMetrics({ register: registry });
    dropMisleading(registry);
    new Gauge({
      name: 'spikingrx_build_info',
      help: 'Versions of the service, of Node.js and of ONNX Runtime',
      labelNames: ['version', 'node', 'onnxruntime'],
      registers,
    }).set({ version: PACKAGE_VERSION, node: process.versions.node, onnxruntime: RUNTIME_VERSION }, 1);
    const start = performance.eventLoopUtilization();
    const active = new Counter({
      name: 'spikingrx_event_loop_active_seconds_total',
      help: 'Time that the main event loop was not idle; its rate is the utilisation',
      registers: [],
      collect() {
        this.reset();
        this.inc(performance.eventLoopUtilization(start).active / 1000);
      },
    });
    registry.registerMetric(active);
    this.#sampler = sampleDelay(
      new Histogram({
        name: 'spikingrx_event_loop_delay_seconds',
        help: 'How late a timer of the main event loop fires, measured fifty times a second',
        buckets: DELAY_BUCKETS,
        registers,
      }),
      onDelay,
    );
  }

  stop(): void {
    clearInterval(this.#sampler);
  }
}

function sampleDelay(delay: Histogram, onDelay: (milliseconds: number) => void): NodeJS.Timeout {
  let dueMs = performance.now() + SAMPLE_MS;
  return setInterval(() => {
    const now = performance.now();
    const lateMs = Math.max(0, now - dueMs);
    delay.observe(lateMs / 1000);
    onDelay(lateMs);
    dueMs = now + SAMPLE_MS;
  }, SAMPLE_MS).unref();
}

/**
 * Gauges named like counters, which Prometheus' own checker refuses (the same values are there by type); and the
 * lag of the loop as prom-client has it, which includes the 10 ms between its samples and starts anew at each
 * scrape, whoever scrapes.
 */
function dropMisleading(registry: Registry): void {
  for (const what of ['handles', 'requests', 'resources'])
    registry.removeSingleMetric(`nodejs_active_${what}_total`);
  for (const { name } of registry.getMetricsAsArray())
    if (name.startsWith('nodejs_eventloop_lag_')) registry.removeSingleMetric(name);
}
