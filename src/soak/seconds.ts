import type { RecordableHistogram } from 'node:perf_hooks';
import { newHistogram } from './histogram.js';
import type { IntervalReport } from './load.js';
import type { SecondFigures } from './result.js';

interface Sum {
  arrived: number;
  answered: number;
  errors: number;
  readonly latency: RecordableHistogram;
}

/** The course of a run, second by second, over all load threads. */
export class Seconds {
  readonly #sums = new Map<number, Sum>();

  add({ second, arrived, outcomes, latency }: IntervalReport): void {
    const sum = this.#sums.get(second) ?? { arrived: 0, answered: 0, errors: 0, latency: newHistogram() };
    this.#sums.set(second, sum);
    const { OK = 0, ...others } = outcomes;
    sum.arrived += arrived;
    sum.answered += OK;
    sum.errors += Object.values(others).reduce((total, count) => total + count, 0);
    if (latency.count > 0) sum.latency.add(latency);
  }

  figures(): SecondFigures[] {
    const seconds = [...this.#sums].toSorted(([a], [b]) => a - b);
    return seconds.map(([second, { latency, ...sum }]) => ({ second, ...sum, ...latencyOf(latency) }));
  }
}

function latencyOf(latency: RecordableHistogram) {
  if (latency.count === 0) return {};
  const [p50Ms, p99Ms] = [latency.percentile(50) / 1000, latency.percentile(99) / 1000];
  return { p50Ms, p99Ms, maxMs: latency.max / 1000 };
}
