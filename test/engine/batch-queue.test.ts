import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchQueue } from '#engine/batch-queue.js';
import type { Priority } from '#engine/types.js';
import { elementAt } from './helpers/element-at.js';
import { ANY, drain, ids, type Item, item, queueOf } from './helpers/queue-items.js';

const ONLY_FULL = { ...ANY, orOlderThanMs: Number.NEGATIVE_INFINITY };

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

  take(shares: number, nowMs: number, perGridMs: number): void {
    const computeMs = (_: Item, grids: number): number => grids * perGridMs;
    const { batch, expired } = this.queue.take({ ...ANY, shares, nowMs, startMs: nowMs, computeMs });
    for (const late of expired) {
      this.require(late.deadlineMs <= nowMs, 'expires what is late');
      this.require(this.present.delete(late.id), 'expires once');
    }
    const elements = batch.reduce((sum, { row }) => sum + row.resourceElements, 0);
    this.require(batch.length > 0 || this.present.size === 0, 'takes something when there is something');
    this.require(batch.length <= 4, 'bounds the grids');
    this.require(batch.length <= 1 || elements <= 60, 'bounds the resource elements');
    this.require(new Set(batch.map(({ row }) => row.shapeKey)).size <= 1, 'one shape a batch');
    this.requireInTime(batch, (one, grids) => nowMs + computeMs(one, grids));
    for (const { id, deadlineMs } of batch) {
      this.require(this.present.delete(id), 'hands out once');
      this.require(deadlineMs > nowMs, 'hands out nothing that is late');
    }
    this.require(this.queue.size === this.present.size, 'size after take');
  }

  /** Company makes nobody late who was in time alone. */
  private requireInTime(batch: readonly Item[], endMs: (item: Item, grids: number) => number): void {
    for (const one of batch)
      if (one.urgent && one.deadlineMs >= endMs(one, 1))
        this.require(one.deadlineMs >= endMs(one, batch.length), 'grows no batch beyond a deadline');
  }

  private require(holds: boolean, rule: string): void {
    if (!holds) this.violations.push(rule);
  }
}

const ACTION = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('push' as const),
      nSc: fc.constantFrom(6, 12, 200),
      client: fc.constantFrom('a', 'b', 'c'),
      priority: fc.constantFrom<Priority>('normal', 'high'),
      urgent: fc.boolean(),
      budgetMs: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), pick: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('take' as const),
      shares: fc.constantFrom(1, 2, 3),
      perGridMs: fc.constantFrom(0, 1, 10),
    }),
  },
);

describe('BatchQueue', () => {
  it('keeps models and shapes apart and serves one client in order of arrival', () => {
    const items = [item(1, 12), item(2, 24), item(3, 12), item(4, 12, { model: 'b/1' }), item(5, 24)];
    expect(drain(queueOf(items))).toEqual([[1, 3], [2, 5], [4]]);
    expect(queueOf([]).take(ANY)).toEqual({ batch: [], expired: [] });
  });

  it('takes a batch that is not full only when the grid whose turn it is has waited long enough', () => {
    const queue = queueOf([item(10, 24), item(20, 24), item(30, 24), item(40, 24)], 3);
    expect(ids(queue.take(ONLY_FULL).batch)).toEqual([10, 20, 30]);
    expect(queue.take(ONLY_FULL)).toEqual({ batch: [], expired: [], waitsSinceMs: 40 });
    expect(queue.take({ ...ANY, orOlderThanMs: 39 })).toMatchObject({ batch: [], waitsSinceMs: 40 });
    expect(queue.oldestMs()).toBe(40);
    expect(ids(queue.take({ ...ANY, orOlderThanMs: 40 }).batch)).toEqual([40]);
    expect(queue.oldestMs()).toBeUndefined();
  });

  it('runs what has no batch axis one at a time', () => {
    expect(drain(queueOf([1, 2].map((id) => item(id, 12, { model: 'whole/1' }))))).toEqual([[1], [2]]);
  });

  it('puts retried grids back at the head, in order', () => {
    const queue = queueOf([item(3, 12)]);
    queue.pushFront([item(1, 12), item(2, 12)]);
    expect(drain(queue)).toEqual([[1, 2, 3]]);
  });

  it('counts what waits by priority', () => {
    const queue = queueOf([item(1, 12), item(2, 12, { priority: 'high' }), item(3, 12)]);
    expect([queue.sizeOf('high'), queue.sizeOf('normal')]).toEqual([1, 2]);
  });

  it('hands out every grid exactly once, within the limits and the deadlines', () => {
    fc.assert(
      fc.property(fc.array(ACTION, { maxLength: 120 }), (actions) => {
        const tested = new TestedQueue();
        for (const [id, step] of actions.entries()) {
          if (step.kind === 'push') {
            const { nSc, budgetMs, ...traits } = step;
            tested.push(item(id, nSc, { ...traits, deadlineMs: id + budgetMs }));
          } else if (step.kind === 'remove') tested.remove(step.pick);
          else tested.take(step.shares, id, step.perGridMs);
        }
        expect(tested.violations).toEqual([]);
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});

const urgent = (id: number, deadlineMs: number, nSc = 12): Item =>
  item(id, nSc, { urgent: true, deadlineMs });
/** A batch takes 2 ms, and 1 ms a grid. */
const TWO_MS_AND_ONE_A_GRID = (_: Item, grids: number): number => 2 + grids;
/** A batch takes 10 ms a grid. */
const TEN_MS_A_GRID = (_: Item, grids: number): number => 10 * grids;

/** Counts who is served while everyone always has something waiting. */
function served(
  kinds: readonly Omit<Partial<Item>, 'model'>[],
  batches: number,
  nSc: readonly number[] = [12],
): number[] {
  const queue = queueOf([], 4);
  const counts = kinds.map(() => 0);
  let id = 0;
  const push = (kind: number): void => {
    id += 1;
    const own = { deadlineMs: 1e9 + id, ...elementAt(kinds, kind) };
    queue.push(item(kind, elementAt(nSc, kind % nSc.length), own));
  };
  for (const kind of kinds.keys()) for (let i = 0; i < 20; i += 1) push(kind);
  for (let i = 0; i < batches; i += 1)
    for (const { id: kind } of queue.take(ANY).batch) {
      counts[kind] = elementAt(counts, kind) + 1;
      push(kind);
    }
  return counts;
}

describe('deadlines', () => {
  it('the earliest comes first, across shapes and within a batch', () => {
    const budgets = fc.array(fc.tuple(fc.integer({ min: 1, max: 1000 }), fc.constantFrom(12, 24, 36)), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(budgets, (list) => {
        const items = list.map(([deadlineMs, nSc], id) => urgent(id, deadlineMs, nSc));
        const queue = queueOf(items, 4);
        const left = new Set(items);
        while (queue.size > 0) {
          const { batch } = queue.take(ANY);
          const deadlines = batch.map(({ deadlineMs }) => deadlineMs);
          expect(deadlines[0]).toBe(Math.min(...[...left].map(({ deadlineMs }) => deadlineMs)));
          expect(deadlines).toEqual(deadlines.toSorted((a, b) => a - b));
          for (const one of batch) left.delete(one);
        }
      }),
      { seed: 5, numRuns: 100 },
    );
  });

  it('a batch grows only as far as its most urgent grid allows', () => {
    const items = [urgent(1, 35), ...[2, 3, 4, 5].map((id) => item(id, 12))];
    expect(drain(queueOf(items), { computeMs: TEN_MS_A_GRID })).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    // Nor does a grid join a batch that is already too long for it.
    expect(
      drain(queueOf([urgent(1, 100), urgent(2, 100), urgent(3, 15, 24)]), { computeMs: TEN_MS_A_GRID })[0],
    ).toEqual([3]);
  });

  it('what is late is not computed, what will be late only when nothing else waits', () => {
    const queue = queueOf([urgent(1, 4), urgent(2, 9), urgent(3, 20), item(4, 24)]);
    const choice = { ...ANY, nowMs: 5, startMs: 5, computeMs: (): number => 10 };
    expect(queue.take(choice)).toMatchObject({ batch: [{ id: 3 }], expired: [{ id: 1 }] });
    expect(ids(queue.take(choice).batch)).toEqual([4]);
    expect(ids(queue.take(choice).batch)).toEqual([2]);
    expect(queue.size).toBe(0);
  });

  it('what could only be late behind the running batch waits to see when that ends', () => {
    const queue = queueOf([urgent(1, 50), urgent(2, 300), item(3, 24)]);
    const choice = { ...ANY, startMs: 100, computeMs: TEN_MS_A_GRID };
    expect(queue.take(choice)).toEqual({ batch: [], expired: [], undecided: true });
    expect(ids(queue.take({ ...choice, nowMs: 30, startMs: 30 }).batch)).toEqual([1, 2]);
    expect(ids(queue.take(choice).batch)).toEqual([3]);
  });

  it('a time limit expires a grid without making it urgent', () => {
    const queue = queueOf([item(1, 12, { deadlineMs: 3 }), item(2, 12, { deadlineMs: 90 }), item(3, 12)]);
    queue.push(urgent(4, 1000));
    const { batch, expired } = queue.take({ ...ANY, nowMs: 5 });
    expect([ids(expired), ids(batch)]).toEqual([[1], [4, 2, 3]]);
  });
});

describe('shares', () => {
  const NORMAL = { priority: 'normal' } as const;
  const HIGH = { priority: 'high' } as const;
  const URGENT = { urgent: true } as const;

  it.each([
    ['in one shape', [12]],
    ['in shapes of their own', [12, 24]],
  ])('high gets four times the work of normal, %s', (_, nSc) => {
    const [high = 0, normal = 0] = served([HIGH, NORMAL], 1000, nSc);
    const work = nSc.length === 1 ? high / normal : (high * 12) / (normal * 24);
    expect(work).toBeGreaterThan(3.9);
    expect(work).toBeLessThan(4.1);
  });

  it('nothing starves, however much of everything else there is', () => {
    const counts = served([{ ...URGENT, ...HIGH }, { ...URGENT, ...NORMAL }, HIGH, NORMAL], 2000);
    const all = 8000;
    for (const [kind, share] of [64 / 85, 16 / 85, 4 / 85, 1 / 85].entries())
      expect(elementAt(counts, kind) / all).toBeCloseTo(share, 2);
  });

  it('clients get the same work, whatever the size of their grids', () => {
    const counts = served([{ client: 'small' }, { client: 'large' }], 1000, [12, 48]);
    expect(elementAt(counts, 0) / (4 * elementAt(counts, 1))).toBeCloseTo(1, 1);
  });

  it('a grid of a polite client is in the first batch after it comes, whatever a greedy one has waiting', () => {
    fc.assert(
      fc.property(
        fc.nat(400),
        fc.constantFrom<Priority>('normal', 'high'),
        fc.boolean(),
        (before, priority, other) => {
          const queue = queueOf(
            Array.from({ length: 10_000 }, (_, id) => item(id, 12, { client: 'greedy', priority })),
          );
          for (let i = 0; i < before; i += 1) queue.take(ANY);
          queue.push(item(-1, other ? 24 : 12, { client: 'polite', priority }));
          expect([...ids(queue.take(ANY).batch), ...ids(queue.take(ANY).batch)]).toContain(-1);
        },
      ),
      { seed: 6, numRuns: 12 },
    );
  });

  it.each([12, 48])(
    'a client that sends one grid after the other gets no more than its share, at nSc %i',
    (nSc) => {
      const queue = queueOf(
        Array.from({ length: 500 }, (_, id) => item(id, 12, { client: 'waits' })),
        1,
      );
      let own = 0;
      for (let i = 0; i < 100; i += 1) {
        const next = item(1000 + i, nSc, { client: 'one by one' });
        queue.push(next);
        // Until it has been served it sends no other.
        for (let last = -1; last !== next.id; own += 1) [last = -1] = ids(queue.take(ANY).batch);
      }
      // The first comes at once; from then on both take turns by work.
      expect(Math.abs(own - 100 - 99 * (nSc / 12))).toBeLessThanOrEqual(1);
    },
  );

  it('an urgent grid comes next after any amount of work without a deadline', () => {
    const queue = queueOf(Array.from({ length: 500 }, (_, id) => item(id, 12, HIGH)));
    for (let i = 0; i < 30; i += 1) queue.take(ANY);
    queue.push(item(-1, 24, { ...URGENT, deadlineMs: 1e9 }));
    expect(ids(queue.take(ANY).batch)).toEqual([-1]);
  });

  it('a lane that was empty earns no credit', () => {
    const queue = queueOf(Array.from({ length: 4000 }, (_, id) => item(id, 12)));
    for (let i = 0; i < 200; i += 1) queue.take(ANY);
    for (let id = 10_000; id < 12_000; id += 1) queue.push(item(id, 12, HIGH));
    const next = Array.from({ length: 100 }, () => ids(queue.take(ANY).batch)).flat();
    expect(next.filter((id) => id >= 10_000).length / next.length).toBeCloseTo(0.8, 1);
  });

  it('are as the example of docs/explanation/batching.md has them', () => {
    const own = Array.from({ length: 100 }, (_, i) => item(1 + i, 12, { client: 'A' }));
    const queue = queueOf([...own, item(200, 12, { client: 'B' })], 16);
    for (const [id, deadlineMs] of [
      [301, 4],
      [302, 30],
    ] as const)
      queue.push(item(id, 12, { client: 'C', urgent: true, deadlineMs }));
    const atOnce = { ...ANY, computeMs: TWO_MS_AND_ONE_A_GRID };
    expect(ids(queue.take(atOnce).batch)).toEqual([301, 1]);
    const second = ids(queue.take({ ...atOnce, nowMs: 4, startMs: 4 }).batch);
    expect(second).toEqual([302, 200, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  });

  it('time without work earns no credit', () => {
    const queue = queueOf(Array.from({ length: 400 }, (_, id) => item(id, 12, { client: 'early' })));
    for (let i = 0; i < 40; i += 1) queue.take(ANY);
    for (let id = 1000; id < 1400; id += 1) queue.push(item(id, 12, { client: 'late' }));
    const next = Array.from({ length: 10 }, () => ids(queue.take(ANY).batch)).flat();
    const late = next.filter((id) => id >= 1000).length;
    expect(late / next.length).toBeCloseTo(0.5, 1);
  });
});
