import { describe, expect, it } from 'vitest';
import { Admission } from '#engine/admission.js';
import { SpikingRxError } from '#errors.js';

function errorOf(action: () => unknown): SpikingRxError {
  try {
    action();
  } catch (error) {
    if (error instanceof SpikingRxError) return error;
  }
  throw new Error('expected a SpikingRxError');
}

describe('Admission', () => {
  const limits = { maxQueuedGrids: 4, maxQueuedBytes: 100 };

  it('bounds grids and bytes, and gives room back once on release', () => {
    const admission = new Admission(limits);
    const permit = admission.admit({ grids: 3, bytes: 10 });
    expect(errorOf(() => admission.admit({ grids: 2, bytes: 1 })).code).toBe('QUEUE_FULL');
    admission.admit({ grids: 1, bytes: 90 });
    expect(errorOf(() => admission.admit({ grids: 0, bytes: 1 })).code).toBe('QUEUE_FULL');
    permit.release();
    permit.release();
    expect(admission.queuedGrids).toBe(1);
    expect(admission.queuedBytes).toBe(90);
  });

  it('refuses for good what could never fit', () => {
    const admission = new Admission(limits);
    expect(errorOf(() => admission.admit({ grids: 5, bytes: 1 })).code).toBe('PAYLOAD_TOO_LARGE');
    expect(errorOf(() => admission.admit({ grids: 1, bytes: 101 })).code).toBe('PAYLOAD_TOO_LARGE');
    expect(admission.queuedGrids).toBe(0);
    // Room would not help: whoever waits must not wait for it.
    expect(admission.isFull({ grids: 5, bytes: 1 })).toBe(false);
  });

  it('estimates the retry time from the rate at which grids leave', () => {
    let nowMs = 0;
    const admission = new Admission({ maxQueuedGrids: 100, maxQueuedBytes: 1e9 }, () => nowMs);
    for (let i = 0; i < 50; i += 1) {
      const permit = admission.admit({ grids: 20, bytes: 20 });
      nowMs += 100; // 20 grids in 100 ms: 0.2 grids a millisecond
      permit.release();
    }
    admission.admit({ grids: 100, bytes: 100 });
    expect(errorOf(() => admission.admit({ grids: 40, bytes: 40 })).retryAfterMs).toBe(200);
    expect(errorOf(() => admission.admit({ grids: 10, bytes: 10 })).retryAfterMs).toBe(50);
  });

  it('gives a retry time even before anything has left', () => {
    const admission = new Admission(limits);
    admission.admit({ grids: 4, bytes: 4 });
    expect(errorOf(() => admission.admit({ grids: 1, bytes: 1 })).retryAfterMs).toBeGreaterThan(0);
  });

  it('refuses everything while draining and is idle when the last permit is back', async () => {
    const admission = new Admission(limits);
    const permits = [admission.admit({ grids: 1, bytes: 1 }), admission.admit({ grids: 2, bytes: 2 })];
    admission.beginDrain();
    expect(errorOf(() => admission.admit({ grids: 1, bytes: 1 })).code).toBe('UNAVAILABLE');
    let isIdle = false;
    const idle = admission.idle().then(() => {
      isIdle = true;
      return isIdle;
    });
    permits[0]?.release();
    await Promise.resolve();
    expect(isIdle).toBe(false);
    permits[1]?.release();
    expect(await idle).toBe(true);
  });

  it('leaves room for others, however much one client asks for', () => {
    const admission = new Admission({ maxQueuedGrids: 900, maxQueuedBytes: 90_000 });
    const admitAll = (client: string, grids: number): number => {
      for (let admitted = 0; ; admitted += grids) {
        try {
          admission.admit({ grids, bytes: 10 * grids, client });
        } catch {
          return admitted;
        }
      }
    };
    expect(admitAll('greedy', 1)).toBe(800);
    expect(admission.largestClientShare).toBe(1);
    expect(admission.isFull({ grids: 100, bytes: 0 })).toBe(false);
    expect(admission.isFull({ grids: 101, bytes: 0 })).toBe(true);
    // Each takes up to 8/9 of what those before it left.
    expect([1, 2, 3].map((i) => admitAll(`other ${i}`, 1))).toEqual([89, 10, 1]);
    expect(admission.largestClientShare).toBeCloseTo(800 / 900);
  });

  it('bounds the bytes of a client in the same way, and frees a share with its permits', () => {
    const admission = new Admission({ maxQueuedGrids: 90, maxQueuedBytes: 900 });
    const half = admission.admit({ grids: 0, bytes: 400, client: 'a' });
    admission.admit({ grids: 0, bytes: 400, client: 'a' });
    const error = errorOf(() => admission.admit({ grids: 0, bytes: 10, client: 'a' }));
    expect(error).toMatchObject({ code: 'QUEUE_FULL', message: expect.stringContaining('this client') });
    expect(error.retryAfterMs).toBeGreaterThan(0);
    admission.admit({ grids: 0, bytes: 50, client: 'b' });
    half.release();
    admission.admit({ grids: 1, bytes: 10, client: 'a' });
  });
});
