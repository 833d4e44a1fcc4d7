import { FairTags } from './fair-tags.js';
import { type HeapEntry, isBefore, KeyedHeap } from './keyed-heap.js';
import { LANE_COUNT, LOST, Lanes, type LaneTraits, laneOf } from './lanes.js';
import type { Priority } from './types.js';

/** What the queue needs to know of a grid. Times are on the `performance.now()` clock. */
export interface Queueable extends LaneTraits {
  readonly row: { readonly shapeKey: string; readonly resourceElements: number };
  readonly model: { readonly key: string; readonly signature: { readonly batched: boolean } };
  /** Grids of different numbers share no batch. */
  readonly suspect?: number | undefined;
  readonly enqueuedMs: number;
  readonly client: string;
  /** From then on it is not computed. */
  readonly deadlineMs: number;
  /** Present while it waits; the queue's own. A grid waits in one queue only. */
  entry: HeapEntry | undefined;
}

export interface BatchLimits {
  readonly maxBatchGrids: number;
  readonly maxBatchResourceElements: number;
}

export interface BatchChoice<T> {
  readonly nowMs: number;
  /** When the worker could begin with it. */
  readonly startMs: number;
  /** Take a batch that is not full only if the grid whose turn it is came at or before this time. */
  readonly orOlderThanMs: number;
  /** Workers that could take a batch now; an unfull group is shared out among them. */
  readonly shares: number;
  /** How long a batch of so many grids like this one is expected to take. */
  readonly computeMs: (grid: T, grids: number) => number;
}

export interface Taken<T> {
  readonly batch: readonly T[];
  /** Found to be too late, and out of the queue. */
  readonly expired: readonly T[];
  /** Where something waits and there is no batch: arrival of the grid that is not old enough. */
  readonly waitsSinceMs?: number;
  /** There is no batch, because the grid whose turn it is makes it only if the worker is free before it is expected to be. */
  readonly undecided?: boolean;
}

interface Entry<T> extends HeapEntry {
  readonly grid: T;
  readonly group: Group<T>;
  readonly lane: number;
}

/** Waiting grids of one model version and one shape: those that may share a batch. */
interface Group<T> {
  readonly key: string;
  /** Most grids in one batch: at least 1, however large the grid. */
  readonly limit: number;
  /** One a lane. */
  readonly heaps: readonly KeyedHeap<Entry<T>>[];
  size: number;
}

/**
 * Waiting grids, grouped by what can be batched together, in the order in which they are to be served: between lanes
 * by weight, within a lane by deadline or by fair tag. docs/explanation/batching.md has the reasons.
 */
export class BatchQueue<T extends Queueable> {
  private readonly groups = new Map<string, Group<T>>();
  private readonly lanes = new Lanes();
  private readonly tags = { high: new FairTags(), normal: new FairTags() };
  private arrivals = 0;
  private waiting = 0;
  private lastEmptied: Group<T> | undefined;

  constructor(private readonly limits: BatchLimits) {}

  get size(): number {
    return this.waiting;
  }

  /** Grids of a priority, urgent or not. */
  sizeOf(priority: Priority): number {
    let size = 0;
    for (const { grid } of this.entries()) if (grid.priority === priority) size += 1;
    return size;
  }

  /** Arrival of the oldest grid; undefined when empty. */
  oldestMs(): number | undefined {
    let oldest: number | undefined;
    for (const { grid } of this.entries()) oldest = Math.min(oldest ?? grid.enqueuedMs, grid.enqueuedMs);
    return oldest;
  }

  push(grid: T): void {
    const tag = this.tagsOf(grid)?.arrive(grid.client, grid.row.resourceElements);
    this.add(grid, laneOf(grid), tag ?? grid.deadlineMs);
  }

  /** Puts grids that already had their turn back before all others of their lanes, in the order given. */
  pushFront(grids: readonly T[]): void {
    for (const grid of grids) {
      this.tagsOf(grid)?.arrive(grid.client, 0);
      this.add(grid, laneOf(grid), Number.NEGATIVE_INFINITY);
    }
  }

  /** Takes out one grid, if it is still here. */
  remove(grid: T): boolean {
    const { entry } = grid;
    if (entry === undefined) return false;
    this.drop(entry as Entry<T>);
    return true;
  }

  /**
   * Takes the next batch: the grid whose turn it is, and those of its group whose turn comes next, as long as no
   * urgent one of them would be answered too late for the company.
   */
  take(choice: BatchChoice<T>): Taken<T> {
    const expired: T[] = [];
    const first = this.first(choice, expired);
    if (first === undefined) return { batch: [], expired };
    const { group, grid, lane } = first;
    if (!isInTime(first, choice.startMs, choice)) return { batch: [], expired, undecided: true };
    if (group.size < group.limit && grid.enqueuedMs > choice.orOlderThanMs)
      return { batch: [], expired, waitsSinceMs: grid.enqueuedMs };
    this.lanes.turnBegins(lane);
    return { batch: this.fill(first, choice, expired), expired };
  }

  /** The entry whose turn it is; on the way to it, those that are too late are found out. */
  private first(choice: BatchChoice<T>, expired: T[]): Entry<T> | undefined {
    for (;;) {
      const lane = this.lanes.inTurn((one) => !this.lanes.isEmpty(one));
      const entry = lane === undefined ? undefined : this.headOf(lane);
      if (entry === undefined) return undefined;
      if (this.expire(entry, choice.nowMs, expired)) continue;
      if (isInTime(entry, choice.nowMs, choice)) return entry;
      this.giveUp(entry);
    }
  }

  private fill(first: Entry<T>, choice: BatchChoice<T>, expired: T[]): T[] {
    const { nowMs, startMs, shares, computeMs } = choice;
    const { group } = first;
    const most = Math.min(group.limit, Math.ceil(group.size / Math.max(1, shares)));
    const batch: T[] = [];
    let earliestMs = Number.POSITIVE_INFINITY;
    for (let next: Entry<T> | undefined = first; next && batch.length < most; next = this.nextOf(group)) {
      // A grid that is lost must not make others late.
      if (next.lane === LOST && first.lane !== LOST) break;
      if (this.expire(next, nowMs, expired)) continue;
      const { grid, lane } = next;
      if (grid.urgent && lane !== LOST) earliestMs = Math.min(earliestMs, grid.deadlineMs);
      if (batch.length > 0 && startMs + computeMs(grid, batch.length + 1) > earliestMs) break;
      this.serve(next);
      batch.push(grid);
    }
    return batch;
  }

  /** The entry of a group whose turn it is. */
  private nextOf(group: Group<T>): Entry<T> | undefined {
    const lane = this.lanes.inTurn((one) => heapOf(group, one).size > 0);
    return lane === undefined ? undefined : heapOf(group, lane).peek();
  }

  private headOf(lane: number): Entry<T> | undefined {
    let best: Entry<T> | undefined;
    for (const group of this.groups.values()) {
      const head = heapOf(group, lane).peek();
      if (head && (best === undefined || isBefore(head, best))) best = head;
    }
    return best;
  }

  private expire(entry: Entry<T>, nowMs: number, expired: T[]): boolean {
    if (entry.grid.deadlineMs > nowMs) return false;
    this.drop(entry);
    expired.push(entry.grid);
    return true;
  }

  private serve(entry: Entry<T>): void {
    const { grid, lane, key } = entry;
    const { resourceElements } = grid.row;
    this.lanes.served(lane, resourceElements);
    this.tagsOf(grid)?.serve(grid.client, key, resourceElements);
    this.drop(entry);
  }

  private giveUp(entry: Entry<T>): void {
    const { grid, key } = entry;
    this.drop(entry);
    this.add(grid, LOST, key);
  }

  private add(grid: T, lane: number, key: number): void {
    const group = this.groupOf(grid);
    this.arrivals += 1;
    const entry = { grid, group, lane, key, order: this.arrivals, index: 0 };
    grid.entry = entry;
    this.waiting += 1;
    heapOf(group, lane).push(entry);
    group.size += 1;
    this.lanes.joined(lane);
  }

  private drop(entry: Entry<T>): void {
    const { grid, group, lane } = entry;
    grid.entry = undefined;
    this.waiting -= 1;
    heapOf(group, lane).remove(entry);
    group.size -= 1;
    if (group.size === 0) this.emptied(group);
    this.lanes.left(lane);
    this.tagsOf(grid)?.leave(grid.client);
  }

  /** Undefined where deadlines decide. */
  private tagsOf({ urgent, priority }: T): FairTags | undefined {
    return urgent ? undefined : this.tags[priority];
  }

  /** Shapes come and go, so empty groups must not stay behind; the last one does, as most often it is the next one. */
  private emptied(group: Group<T>): void {
    const { lastEmptied } = this;
    if (lastEmptied !== undefined && lastEmptied !== group && lastEmptied.size === 0)
      this.groups.delete(lastEmptied.key);
    this.lastEmptied = group;
  }

  private *entries(): Generator<Entry<T>> {
    for (const { heaps } of this.groups.values()) for (const heap of heaps) yield* heap;
  }

  private groupOf(grid: T): Group<T> {
    const key = groupKey(grid);
    let group = this.groups.get(key);
    if (group === undefined) {
      const heaps = Array.from({ length: LANE_COUNT }, () => new KeyedHeap<Entry<T>>());
      group = { key, limit: batchCapacity(grid, this.limits), heaps, size: 0 };
      this.groups.set(key, group);
    }
    return group;
  }
}

/** Whether a grid would be answered by its deadline if it began alone at `startMs`; those that are lost have no more to lose. */
function isInTime<T extends Queueable>(
  { grid, lane }: Entry<T>,
  startMs: number,
  { computeMs }: BatchChoice<T>,
): boolean {
  return lane === LOST || !grid.urgent || startMs + computeMs(grid, 1) <= grid.deadlineMs;
}

function heapOf<T>(group: Group<T>, lane: number): KeyedHeap<Entry<T>> {
  return group.heaps[lane] as KeyedHeap<Entry<T>>;
}

/** Most grids of this model and shape in one batch: at least 1, however large the grid. */
export function batchCapacity(grid: Pick<Queueable, 'row' | 'model'>, limits: BatchLimits): number {
  if (!grid.model.signature.batched) return 1;
  const fitting = Math.floor(limits.maxBatchResourceElements / grid.row.resourceElements);
  return Math.max(1, Math.min(limits.maxBatchGrids, fitting));
}

function groupKey(grid: Queueable): string {
  return `${grid.model.key} ${grid.row.shapeKey} ${grid.suspect ?? ''}`;
}
