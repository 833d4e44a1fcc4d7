import type { Metric, Registry } from 'prom-client';

/** Observations that were counted elsewhere. */
export interface CountedObservations {
  /** In each bucket, not cumulative; the last holds what is beyond all limits. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** The observations of one set of labels. */
export class CountedSeries {
  sum = 0;
  readonly counts: number[];

  constructor(
    readonly labels: Readonly<Record<string, string>>,
    private readonly limits: readonly number[],
  ) {
    this.counts = Array.from({ length: limits.length + 1 }, () => 0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.limits.length && value > this.limits[bucket]!) bucket++;
    this.counts[bucket]! += 1;
    this.sum += value;
  }

  add({ counts, sum }: CountedObservations): void {
    for (const [bucket, count] of counts.entries()) this.counts[bucket]! += count;
    this.sum += sum;
  }
}

/**
 * A Prometheus histogram for many observations: it takes counts of thousands of them at once, and single ones for a
 * series that was looked up before, where prom-client's looks its labels up each time (`bench/telemetry-cost.mjs`).
 */
export class CountedHistogram {
  readonly #series = new Map<string, CountedSeries>();

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

  /** The series of these labels, which is there from now on. */
  series(labels: Readonly<Record<string, string>>): CountedSeries {
    const key = Object.values(labels).join('\0');
    const known = this.#series.get(key);
    if (known) return known;
    const series = new CountedSeries(labels, this.options.limits);
    this.#series.set(key, series);
    return series;
  }

  add(labels: Readonly<Record<string, string>>, observations: CountedObservations): void {
    this.series(labels).add(observations);
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
        return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total };
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
