import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchQueue, type Queueable } from '#engine/batch-queue.js';

interface Item extends Queueable {
  readonly id: number;
}

function item(id: number, nSc: number, model = 'a/1'): Item {
  const shape = { nRx: 1, nSym: 2, nSc };
  return { id, request: { shape }, model: { key: model }, resourceElements: 2 * nSc, enqueuedMs: id };
}

const ANY = { orOlderThanMs: Number.POSITIVE_INFINITY, shares: 1 };
const ONLY_FULL = { orOlderThanMs: Number.NEGATIVE_INFINITY, shares: 1 };
const ids = (batch: readonly Item[]): number[] => batch.map(({ id }) => id);

describe('BatchQueue', () => {
  it('keeps models and shapes apart and serves the oldest head first', () => {
    const queue = new BatchQueue<Item>({ maxBatchGrids: 8, maxBatchResourceElements: 1000 });
    for (const next of [item(1, 12), item(2, 24), item(3, 12), item(4, 12, 'b/1'), item(5, 24)])
      queue.push(next);
    expect(ids(queue.take(ANY))).toEqual([1, 3]);
    expect(ids(queue.take(ANY))).toEqual([2, 5]);
    expect(ids(queue.take(ANY))).toEqual([4]);
    expect(queue.take(ANY)).toEqual([]);
  });

  it('takes a batch that is not full only when its head is old enough', () => {
    const queue = new BatchQueue<Item>({ maxBatchGrids: 3, maxBatchResourceElements: 1000 });
    queue.push(item(10, 12));
    for (const id of [20, 21, 22, 23]) queue.push(item(id, 24));
    expect(ids(queue.take(ONLY_FULL))).toEqual([20, 21, 22]); // full, though younger
    expect(queue.take(ONLY_FULL)).toEqual([]);
    expect(queue.take({ orOlderThanMs: 9, shares: 1 })).toEqual([]);
    expect(ids(queue.take({ orOlderThanMs: 10, shares: 1 }))).toEqual([10]);
    expect(queue.oldestMs()).toBe(23);
  });

  it('puts retried grids back at the head, in order', () => {
    const queue = new BatchQueue<Item>({ maxBatchGrids: 8, maxBatchResourceElements: 1000 });
    queue.push(item(3, 12));
    queue.pushFront([item(1, 12), item(2, 12)]);
    expect(ids(queue.take(ANY))).toEqual([1, 2, 3]);
  });

  it('hands out every grid exactly once, within the limits, oldest first in each group', () => {
    const action = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('push' as const), nSc: fc.constantFrom(6, 12, 200) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), pick: fc.nat() }) },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('take' as const), shares: fc.constantFrom(1, 2, 3) }),
      },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120 }), (actions) => {
        const queue = new BatchQueue<Item>({ maxBatchGrids: 4, maxBatchResourceElements: 60 });
        const present = new Map<number, Item>();
        for (const [id, step] of actions.entries()) {
          if (step.kind === 'push') {
            const next = item(id, step.nSc);
            present.set(id, next);
            queue.push(next);
          } else if (step.kind === 'remove') {
            const victim = [...present.values()][step.pick % Math.max(1, present.size)];
            if (victim !== undefined) {
              expect(queue.remove(victim)).toBe(true);
              expect(queue.remove(victim)).toBe(false);
              present.delete(victim.id);
            }
          } else {
            const oldest = Math.min(...present.keys());
            const batch = queue.take({ orOlderThanMs: Number.POSITIVE_INFINITY, shares: step.shares });
            expect(batch.length > 0).toBe(present.size > 0);
            if (batch.length > 0) expect(batch[0]?.id).toBe(oldest);
            expect(ids(batch)).toEqual(ids(batch).toSorted((a, b) => a - b));
            expect(batch.length).toBeLessThanOrEqual(4);
            const elements = batch.reduce((sum, { resourceElements }) => sum + resourceElements, 0);
            expect(batch.length === 1 || elements <= 60).toBe(true);
            for (const { id: taken } of batch) expect(present.delete(taken)).toBe(true);
          }
          expect(queue.size).toBe(present.size);
        }
      }),
      { seed: 4, numRuns: 200 },
    );
  });
});
