import { describe, expect, it } from 'vitest';
import { resolveEngineOptions, workerCount } from '#engine/options.js';

const BASE = { modelsDir: 'models', cores: 4 };

describe('resolveEngineOptions', () => {
  it('fills in documented defaults', () => {
    expect(resolveEngineOptions(BASE)).toMatchObject({
      provider: 'cpu',
      intraOpThreads: 1,
      maxBatchGrids: 16,
      maxBatchResourceElements: 262_144,
      maxQueueDelayMs: 2,
      maxQueuedGrids: 1024,
      maxQueuedBytes: 536_870_912,
    });
  });

  it.each([
    ['provider', { provider: 'gpu' as 'cpu' }],
    ['modelsDir', { modelsDir: '' }],
    ['workers', { workers: 0 }],
    ['workers', { workers: 3, intraOpThreads: 2 }], // more threads than cores
    ['intraOpThreads', { intraOpThreads: 5 }],
    ['intraOpThreads', { intraOpThreads: 1.5 }],
    ['maxBatchGrids', { maxBatchGrids: 0 }],
    ['maxBatchResourceElements', { maxBatchResourceElements: -1 }],
    ['maxQueueDelayMs', { maxQueueDelayMs: Number.NaN }],
    ['maxQueuedGrids', { maxQueuedGrids: Number.POSITIVE_INFINITY }],
    ['maxQueuedBytes', { maxQueuedBytes: 0 }],
    ['deviceId', { deviceId: 1 }], // no effect on the CPU
  ])('refuses a bad %s', (field, options) => {
    expect(() => resolveEngineOptions({ ...BASE, ...options })).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    );
  });

  it('shares the cores out among workers, and gives a GPU one', () => {
    expect(workerCount(resolveEngineOptions(BASE), 'cpu')).toBe(4);
    expect(workerCount(resolveEngineOptions({ ...BASE, intraOpThreads: 3 }), 'cpu')).toBe(1);
    expect(workerCount(resolveEngineOptions({ ...BASE, provider: 'auto' }), 'cuda')).toBe(1);
    expect(workerCount(resolveEngineOptions({ ...BASE, workers: 2 }), 'cpu')).toBe(2);
  });
});
