import type { Metric, Registry } from 'prom-client';

/** Observations that were counted elsewhere. */
export interface CountedObservations {
  /** In each bucket, not cumulative; the last holds what is beyond all limits. */
  readonly counts: readonly number[];
  readonly sum: number;
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly counts: number[];
  sum: number;
}

/** A Prometheus histogram that takes counts of thousands of observations at once, where prom-client's takes each. */
export class CountedHistogram {
  readonly #series = new Map<string, Series>();

  constructor(
    private readonly options: {
      readonly name: string;
      readonly help: string;
      /** Upper limits, inclusive, ascending. */
      readonly limits: readonly number[];
      readonly registry: Registry;
    },
  ) {
    const { name, help, registry } = options;
    const metric = { name, help, type: 'histogram', get: async () => this.#get(), reset: () => this.reset() };
    // What the registry uses of a metric; the class it is declared to be has no constructor for it.
    registry.registerMetric(metric as unknown as Metric);
  }

  add(labels: Readonly<Record<string, string>>, { counts, sum }: CountedObservations): void {
    const key = Object.values(labels).join('\0');
    const series = this.#series.get(key) ?? { labels, counts: counts.map(() => 0), sum: 0 };
    this.#series.set(key, series);
    for (const [bucket, count] of counts.entries()) series.counts[bucket]! += count;
    series.sum += sum;
  }

  reset(): void {
    this.#series.clear();
  }

  #get() {
    const { name, help, limits } = this.options;
    const values = [...this.#series.values()].flatMap(({ labels, counts, sum }) => {
      let total = 0;
      const buckets = counts.map((count, bucket) => {
        total += count;
        const le = bucket < limits.length ? String(limits[bucket]) : '+Inf';
        return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
      });
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: total },
      ];
    });
    return { name, help, type: 'histogram', values, aggregator: 'sum' };
  }
}
