import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { SpikingRxError } from '../../errors.js';
import { network } from './network.js';

/** Bounds how many wrong credentials an address may try in a minute. */
export class FailureLimit {
  readonly #limiter: RateLimiterMemory | undefined;

  /** @param perMinute 0 for no limit: behind a proxy all clients share its address. */
  constructor(private readonly perMinute: number) {
    if (perMinute > 0) this.#limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  }

  /** @throws RATE_LIMITED once there were too many. */
  async check(address: string): Promise<void> {
    const seen = await this.#limiter?.get(network(address));
    if (seen && seen.consumedPoints >= this.perMinute) throw tooMany(seen);
  }

  async count(address: string): Promise<void> {
    await this.#limiter?.penalty(network(address));
  }
}

function tooMany({ msBeforeNext }: RateLimiterRes): SpikingRxError {
  return new SpikingRxError('RATE_LIMITED', 'too many wrong credentials from this address', {
    retryAfterMs: msBeforeNext,
  });
}
