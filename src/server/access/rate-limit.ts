import { LRUCache } from 'lru-cache';
import { SpikingRxError } from '../../errors.js';

/** Clients remembered: the ones not seen for longest are forgotten, with at most a second's worth of debt. */
const MAX_CLIENTS = 100_000;
/** What a client that was quiet may take at once: so much of its rate. */
const BURST_MS = 1000;

/**
 * So many units a second for each client, by the generic cell rate algorithm: each unit moves the time at which the
 * client's account is even, and who is more than a burst ahead of the clock waits. A request that is larger than
 * a burst passes, and is paid for afterwards. Answers at once, because admission takes from it.
 */
export class RateLimit {
  /** Undefined without a limit: it takes megabytes from the start, which every full garbage collection goes through. */
  readonly #accounts: LRUCache<string, number> | undefined;

  /** @param perSecond 0 for no limit. @param unit for the message: `grids`. */
  constructor(
    private readonly perSecond: number,
    private readonly unit: string,
  ) {
    if (perSecond > 0) this.#accounts = new LRUCache({ max: MAX_CLIENTS });
  }

  get isLimited(): boolean {
    return this.#accounts !== undefined;
  }

  /** @throws RATE_LIMITED, with the time after which there is room. */
  take(client: string, units: number, nowMs = performance.now()): void {
    const accounts = this.#accounts;
    if (accounts === undefined) return;
    const evenMs = Math.max(nowMs, accounts.get(client) ?? 0);
    const aheadMs = evenMs - nowMs;
    if (aheadMs >= BURST_MS) throw this.#tooMany(aheadMs - BURST_MS);
    accounts.set(client, evenMs + (1000 * units) / this.perSecond);
  }

  #tooMany(excessMs: number): SpikingRxError {
    const expected = `at most ${this.perSecond} ${this.unit} a second from one client`;
    return new SpikingRxError('RATE_LIMITED', `expected ${expected}, received more`, {
      expected,
      received: 'more',
      retryAfterMs: Math.max(1, excessMs),
    });
  }
}
