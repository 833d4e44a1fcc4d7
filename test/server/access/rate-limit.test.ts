import { describe, expect, test } from 'vitest';
import { network } from '#server/access/network.js';
import { RateLimit } from '#server/access/rate-limit.js';

/** How many of `calls` of `units` each, one every `everyMs`, get through. */
function passed(limit: RateLimit, calls: { count: number; units: number; everyMs: number }): number {
  let through = 0;
  for (let i = 0; i < calls.count; i++)
    try {
      limit.take('a', calls.units, 1000 + i * calls.everyMs);
      through++;
    } catch {
      // Refused.
    }
  return through;
}

describe('a rate', () => {
  test.each([
    ['below it, all pass', { count: 1000, units: 1, everyMs: 10 }, 100, 1000],
    ['ten times above it, the rate and one burst pass', { count: 10_000, units: 1, everyMs: 1 }, 100, 1100],
    ['at once, a burst passes', { count: 1000, units: 1, everyMs: 0 }, 100, 100],
    ['in messages larger than a burst, the rate holds', { count: 100, units: 500, everyMs: 1000 }, 100, 21],
    ['without a limit, all pass', { count: 1000, units: 1000, everyMs: 0 }, 0, 1000],
  ])('%s', (_when, calls, perSecond, expected) => {
    const through = passed(new RateLimit(perSecond, 'grids'), calls);
    expect(Math.abs(through - expected)).toBeLessThanOrEqual(1);
  });

  test('a refusal says when there is room, and then there is', () => {
    const limit = new RateLimit(10, 'grids');
    limit.take('a', 30, 5000);
    let retryAfterMs = 0;
    try {
      limit.take('a', 1, 5000);
    } catch (error) {
      ({ retryAfterMs } = error as { retryAfterMs: number });
    }
    expect(retryAfterMs).toBeCloseTo(2000);
    expect(() => limit.take('a', 1, 5000 + retryAfterMs - 1)).toThrow(/at most 10 grids a second/);
    limit.take('a', 1, 5000 + retryAfterMs + 1);
  });

  test('is each client’s own', () => {
    const limit = new RateLimit(1, 'requests');
    limit.take('a', 1, 0);
    limit.take('b', 1, 0);
    expect(() => limit.take('a', 1, 0)).toThrow(/at most 1 requests a second/);
  });
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
  ['2001:db8::6', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['unknown', 'unknown'],
])('%s is counted as %s', (address, counted) => {
  expect(network(address)).toBe(counted);
});
