import { performance } from 'node:perf_hooks';
import type { Engine } from '../../engine/engine.js';
import type { LiveSample, LiveService } from '../../wire/live.js';
import type { LiveRecorder } from './recorder.js';

const PERIOD_MS = 1000;
/** Ten minutes. */
const KEPT_SAMPLES = 600;

/** Takes the events of a stream, as they go over the wire. */
export interface LiveSink {
  /** At least once a second. */
  send(events: string): void;
  end(): void;
}

export interface FeedParts {
  readonly recorder: LiveRecorder;
  readonly engine: Engine;
  readonly describe: () => LiveService;
}

/**
 * A sample each second, whoever looks; the latest ten minutes of them are kept, as the text that they are sent as. Every
 * stream gets the same text, so another one costs a write.
 */
export class LiveFeed {
  readonly #samples: string[] = [];
  readonly #sinks = new Set<LiveSink>();
  readonly #timer: NodeJS.Timeout;
  #lastMs = performance.now();
  #loop = performance.eventLoopUtilization();
  #service = '';
  #ended = false;

  constructor(private readonly parts: FeedParts) {
    this.#timer = setInterval(() => this.#tick(), PERIOD_MS).unref();
  }

  get streams(): number {
    return this.#sinks.size;
  }

  /** What a stream begins with goes to it now, and what happens from now on. The result ends that. */
  subscribe(sink: LiveSink): () => void {
    // For the others, who would not be told later.
    const changed = this.#serviceIfChanged();
    if (changed !== '') for (const other of this.#sinks) other.send(changed);
    sink.send(event('service', this.#service) + event('history', this.#history()));
    this.#sinks.add(sink);
    // It was still being let in when the others were told the end.
    if (this.#ended) sink.end();
    return () => this.#sinks.delete(sink);
  }

  /** As a `LiveSnapshot` in JSON. */
  snapshot(): string {
    return `{"service":${JSON.stringify(this.parts.describe())},${this.#history().slice(1)}`;
  }

  /** Ends all streams, which are told first how the service is. */
  end(): void {
    this.#ended = true;
    const service = event('service', JSON.stringify(this.parts.describe()));
    for (const sink of this.#sinks) {
      sink.send(service);
      sink.end();
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #history(): string {
    return `{"samples":[${this.#samples.join(',')}]}`;
  }

  #tick(): void {
    const sample = JSON.stringify(this.#sample());
    if (this.#samples.push(sample) > KEPT_SAMPLES) this.#samples.shift();
    if (this.#sinks.size === 0) return;
    const events = this.#serviceIfChanged() + event('sample', sample);
    for (const sink of this.#sinks) sink.send(events);
  }

  #serviceIfChanged(): string {
    const service = JSON.stringify(this.parts.describe());
    if (service === this.#service) return '';
    this.#service = service;
    return event('service', service);
  }

  #sample(): LiveSample {
    const nowMs = performance.now();
    const periodMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    const { computeMs, restarts, loopDelayP99Ms, ...recorded } = this.parts.recorder.take();
    const { waitingGrids, admittedGrids, admittedBytes, oldestWaitMs, liveWorkers } = this.parts.engine.stats;
    const loop = performance.eventLoopUtilization();
    const { utilization: utilisation } = performance.eventLoopUtilization(loop, this.#loop);
    this.#loop = loop;
    const { rss: residentBytes, heapUsed: heapUsedBytes } = process.memoryUsage();
    return {
      at: Math.round(performance.timeOrigin + nowMs),
      periodMs: Math.round(periodMs * 1000) / 1000,
      ...recorded,
      queue: { waitingGrids, admittedGrids, admittedBytes, oldestMs: oldestWaitMs },
      // Counted where batches end: one that began in an earlier period may be longer than this one.
      workers: { live: liveWorkers, busy: Math.min(liveWorkers, computeMs / periodMs), restarts },
      eventLoop: { delayP99Ms: loopDelayP99Ms, utilisation: Math.min(1, Math.max(0, utilisation)) },
      memory: { residentBytes, heapUsedBytes },
    };
  }
}

function event(name: 'service' | 'history' | 'sample', json: string): string {
  return `event: ${name}\ndata: ${json}\n\n`;
}
