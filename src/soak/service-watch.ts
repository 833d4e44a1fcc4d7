/** What the service tells of itself while it is under load, from its metrics. */

/** One look, `second` after the start of the load. */
export interface ServiceSample {
  readonly second: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Memory of buffers and of native objects that belong to JavaScript. */
  readonly externalBytes: number;
  /** How long its main event loop has been busy since its start. */
  readonly loopBusySeconds: number;
  readonly admittedGrids: number;
  readonly admittedBytes: number;
  readonly gridsInFlight: number;
}

const METRICS = {
  rssBytes: 'process_resident_memory_bytes',
  heapBytes: 'nodejs_heap_size_used_bytes',
  externalBytes: 'nodejs_external_memory_bytes',
  loopBusySeconds: 'spikingrx_event_loop_active_seconds_total',
  admittedGrids: 'spikingrx_admitted_grids',
  admittedBytes: 'spikingrx_admitted_bytes',
  gridsInFlight: 'spikingrx_grids_in_flight',
} as const;

/** NaN for what the service does not tell. */
export function parseSample(metrics: string, second: number): ServiceSample {
  const read = (name: string): number => {
    const found = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(metrics);
    return found ? Number(found[1]) : Number.NaN;
  };
  return {
    second,
    rssBytes: read(METRICS.rssBytes),
    heapBytes: read(METRICS.heapBytes),
    externalBytes: read(METRICS.externalBytes),
    loopBusySeconds: read(METRICS.loopBusySeconds),
    admittedGrids: read(METRICS.admittedGrids),
    admittedBytes: read(METRICS.admittedBytes),
    gridsInFlight: read(METRICS.gridsInFlight),
  };
}

/** Looks every second until stopped. */
export class ServiceWatch {
  readonly samples: ServiceSample[] = [];
  readonly #startMs = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly metricsUrl: string,
    periodMs = 1000,
  ) {
    this.#timer = setInterval(() => void this.look(), periodMs);
  }

  /** @returns undefined when there was no answer: load may be the reason, and the next look may succeed. */
  async look(): Promise<ServiceSample | undefined> {
    const second = (performance.now() - this.#startMs) / 1000;
    try {
      const response = await fetch(this.metricsUrl);
      const text = await response.text();
      if (!response.ok) return undefined;
      const sample = parseSample(text, second);
      this.samples.push(sample);
      return sample;
    } catch {
      return undefined;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

const MEBIBYTE = 2 ** 20;

/** Slope of the resident memory in MiB a minute, by least squares, once the first third is over. */
export function growthMiBPerMinute(samples: readonly ServiceSample[]): number {
  const settled = samples.slice(Math.floor(samples.length / 3)).filter(({ rssBytes }) => rssBytes > 0);
  if (settled.length < 2) return 0;
  const meanSecond = settled.reduce((sum, { second }) => sum + second, 0) / settled.length;
  const meanBytes = settled.reduce((sum, { rssBytes }) => sum + rssBytes, 0) / settled.length;
  let covariance = 0;
  let variance = 0;
  for (const { second, rssBytes } of settled) {
    covariance += (second - meanSecond) * (rssBytes - meanBytes);
    variance += (second - meanSecond) ** 2;
  }
  return (60 * covariance) / variance / MEBIBYTE;
}
