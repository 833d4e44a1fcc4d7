import { isIPv6 } from 'node:net';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { SpikingRxError } from '../../errors.js';

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

/** Who has one address of a /64 has all of them. */
export function network(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('%', 1)[0]!.split('::', 2);
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array.from({ length: zeros }, () => '0'), ...right].slice(0, 4).join(':') + '::/64';
}
