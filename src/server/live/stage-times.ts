import { createHistogram } from 'node:perf_hooks';
import type { LiveSample } from '../../wire/live.js';

type Quantiles = NonNullable<LiveSample['stages']['total']>;

/** Longest time told apart, in microseconds; what took longer counts as this. */
const LONGEST_US = 1e9;

/** Quantiles of the times of one period: Node's HDR histogram of microseconds, two digits exact. */
export class StageTimes {
  readonly #us = createHistogram({ lowest: 1, highest: LONGEST_US, figures: 2 });

  add(milliseconds: number): void {
    this.#us.record(Math.min(LONGEST_US, Math.max(1, Math.round(milliseconds * 1000))));
  }

  /** Of all times since the last call; undefined without any. */
  take(): Quantiles | undefined {
    if (this.#us.count === 0) return undefined;
    const [p50Ms, p90Ms, p99Ms] = [50, 90, 99].map((percent) => this.#us.percentile(percent) / 1000);
    const maxMs = this.#us.max / 1000;
    this.#us.reset();
    return { p50Ms: p50Ms!, p90Ms: p90Ms!, p99Ms: p99Ms!, maxMs };
  }
}
