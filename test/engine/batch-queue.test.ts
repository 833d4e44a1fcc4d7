import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchQueue, type Queueable } from '#engine/batch-queue.js';
import { elementAt } from './helpers/element-at.js';

interface Item extends Queueable {
  readonly id: number;
}

function item(id: number, nSc: number, model = 'a/1'): Item {
  const row = { shapeKey: `${nSc}`, resourceElements: 2 * nSc };
  const signature = { batched: model !== 'whole/1' };
  return { id, row, model: { key: model, signature }, enqueuedMs: id };
}

const ANY = { orOlderThanMs: Number.POSITIVE_INFINITY, shares: 1 };
const ONLY_FULL = { orOlderThanMs: Number.NEGATIVE_INFINITY, shares: 1 };
const ids = (batch: readonly Item[]): number[] => batch.map(({ id }) => id);

/** A queue beside the plain list of what it should hold; notes every difference. */
class TestedQueue {
  readonly violations: string[] = [];
  private readonly queue = new BatchQueue<Item>({ maxBatchGrids: 4, maxBatchResourceElements: 60 });
  private readonly present = new Map<number, Item>();

  push(next: Item): void {
    this.queue.push(next);
    this.present.set(next.id, next);
    this.require(this.queue.size === this.present.size, 'size after push');
  }

  remove(pick: number): void {
    const victim = [...this.present.values()][pick % Math.max(1, this.present.size)];
    if (victim === undefined) return;
    this.present.delete(victim.id);
    this.require(this.queue.remove(victim), 'removes what is there');
    this.require(!this.queue.remove(victim), 'removes once');
    this.require(this.queue.size === this.present.size, 'size after remove');
  }

  take(shares: number): void {
    const oldest = Math.min(...this.present.keys());
    const batch = this.queue.take({ orOlderThanMs: Number.POSITIVE_INFINITY, shares });
    const elements = batch.reduce((sum, { row }) => sum + row.resourceElements, 0);
    this.require(batch.length > 0 === this.present.size > 0, 'takes something when there is something');
    this.require(batch.length === 0 || batch[0]?.id === oldest, 'takes the oldest');
    this.require(batch.length <= 4, 'bounds the grids');
    this.require(batch.length <= 1 || elements <= 60, 'bounds the resource elements');
    const shapes = new Set(batch.map(({ row }) => row.shapeKey));
    this.require(shapes.size <= 1, 'one shape a batch');
    for (const [i, { id }] of batch.entries()) {
      this.require(this.present.delete(id), 'hands out once');
      this.require(i === 0 || id > elementAt(batch, i - 1).id, 'in order of arrival');
    }
    this.require(this.queue.size === this.present.size, 'size after take');
  }

  private require(holds: boolean, rule: string): void {
    if (!holds) this.violations.push(rule);
  }
}

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

  it('runs what has no batch axis one at a time', () => {
    const queue = new BatchQueue<Item>({ maxBatchGrids: 8, maxBatchResourceElements: 1000 });
    for (const id of [1, 2]) queue.push(item(id, 12, 'whole/1'));
    expect(ids(queue.take(ONLY_FULL))).toEqual([1]);
    expect(ids(queue.take(ANY))).toEqual([2]);
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
        const tested = new TestedQueue();
        for (const [id, step] of actions.entries()) {
          if (step.kind === 'push') tested.push(item(id, step.nSc));
          else if (step.kind === 'remove') tested.remove(step.pick);
          else tested.take(step.shares);
        }
        expect(tested.violations).toEqual([]);
      }),
      { seed: 4, numRuns: 200 },
    );
  });
});
