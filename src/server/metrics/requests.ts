import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { ERROR_CODES, type ErrorCode } from '../../errors.js';
import { STAGE_BUCKETS } from './buckets.js';
import { TalliedCounter, type Tally } from './tallied-counter.js';

export type Transport = 'rest' | 'grpc';
export type OutcomeCode = 'OK' | ErrorCode;

/** A tally for each code, all of them there from the start. */
function byCode(
  grids: TalliedCounter<'transport' | 'code'>,
  transport: Transport,
): Readonly<Record<OutcomeCode, Tally>> {
  const codes = ['OK', ...ERROR_CODES] as const;
  const entries = codes.map((code) => [code, grids.tally({ transport, code })] as const);
  return Object.fromEntries(entries) as Record<OutcomeCode, Tally>;
}

/** Requests where they begin and end, grids where they end. */
export class RequestMetrics {
  readonly #requests;
  readonly #inFlight;
  readonly #seconds;
  readonly #grids: Readonly<Record<Transport, Readonly<Record<OutcomeCode, Tally>>>>;
  readonly #streams;

  constructor(registers: Registry[]) {
    this.#requests = new Counter({
      name: 'spikingrx_requests_total',
      help: 'Requests that ended, by transport, method and code (OK or an error code); a stream counts once',
      labelNames: ['transport', 'method', 'code'],
      registers,
    });
    this.#inFlight = new Gauge({
      name: 'spikingrx_requests_in_flight',
      help: 'Requests, calls and streams without an end, by transport',
      labelNames: ['transport'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'spikingrx_request_duration_seconds',
      help: 'Time from the first byte of a request to the end of its answer; streams are left out',
      labelNames: ['transport', 'method'],
      buckets: STAGE_BUCKETS,
      registers,
    });
    const grids = new TalliedCounter({
      name: 'spikingrx_grids_total',
      help: 'Grids answered, by transport and code (OK or an error code)',
      labelNames: ['transport', 'code'],
      registers,
    });
    this.#grids = { rest: byCode(grids, 'rest'), grpc: byCode(grids, 'grpc') };
    this.#streams = new Gauge({ name: 'spikingrx_streams', help: 'gRPC streams open', registers });
    // There from the start: rates see the first ones, and what never happened is 0 and not absent.
    for (const transport of ['rest', 'grpc'] as const) this.#inFlight.set({ transport }, 0);
  }

  begun(transport: Transport): void {
    this.#inFlight.inc({ transport });
  }

  ended(request: {
    readonly transport: Transport;
    readonly method: string;
    readonly code: OutcomeCode;
    readonly seconds?: number;
  }): void {
    const { transport, method, code, seconds } = request;
    this.#inFlight.dec({ transport });
    this.#requests.inc({ transport, method, code });
    if (seconds !== undefined) this.#seconds.observe({ transport, method }, seconds);
  }

  gridsEnded(transport: Transport, code: OutcomeCode, count: number): void {
    this.#grids[transport][code].count += count;
  }

  streamOpened(): void {
    this.#streams.inc();
  }

  streamClosed(): void {
    this.#streams.dec();
  }
}
