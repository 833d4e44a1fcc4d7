/** What the queue needs to know of a grid. */
export interface Queueable {
  readonly row: { readonly shapeKey: string; readonly resourceElements: number };
  readonly model: { readonly key: string; readonly signature: { readonly batched: boolean } };
  /** Grids of different numbers share no batch. */
  readonly suspect?: number | undefined;
  /** On the `performance.now()` clock. */
  readonly enqueuedMs: number;
}

export interface BatchLimits {
  readonly maxBatchGrids: number;
  readonly maxBatchResourceElements: number;
}

/** Waiting grids of one model version and one shape: those that may share a batch. */
interface Group<T> {
  /** Insertion order is arrival order; a set, because cancelled grids leave from the middle. */
  grids: Set<T>;
  readonly key: string;
  /** Most grids in one batch: at least 1, however large the grid. */
  readonly limit: number;
}

export interface BatchChoice {
  /** Take a batch that is not full only if its oldest grid came at or before this time. */
  readonly orOlderThanMs: number;
  /** Workers that could take a batch now; an unfull group is shared out among them. */
  readonly shares: number;
}

/** Waiting grids, grouped by what can be batched together; fair across groups by the age of the oldest. */
export class BatchQueue<T extends Queueable> {
  private readonly groups = new Map<string, Group<T>>();
  private count = 0;

  constructor(private readonly limits: BatchLimits) {}

  get size(): number {
    return this.count;
  }

  push(grid: T): void {
    this.groupOf(grid).grids.add(grid);
    this.count += 1;
  }

  /** Puts grids that already had their turn back at the head, in the order given. */
  pushFront(grids: readonly T[]): void {
    const heads = new Map<Group<T>, T[]>();
    for (const grid of grids) {
      const group = this.groupOf(grid);
      const head = heads.get(group);
      if (head === undefined) heads.set(group, [grid]);
      else head.push(grid);
    }
    for (const [group, head] of heads) group.grids = new Set([...head, ...group.grids]);
    this.count += grids.length;
  }

  /** Takes out one grid, if it is still here. */
  remove(grid: T): boolean {
    const group = this.groups.get(groupKey(grid));
    if (group === undefined || !group.grids.delete(grid)) return false;
    this.left(group, 1);
    return true;
  }

  /** Takes the next batch: of the group with the oldest head among those that are full or old enough. */
  take(choice: BatchChoice): T[] {
    let best: { readonly group: Group<T>; readonly headMs: number } | undefined;
    for (const group of this.groups.values()) {
      const headMs = headOf(group);
      const due = group.grids.size >= group.limit || headMs <= choice.orOlderThanMs;
      if (due && (best === undefined || headMs < best.headMs)) best = { group, headMs };
    }
    if (best === undefined) return [];
    const { group } = best;
    const share = Math.ceil(group.grids.size / Math.max(1, choice.shares));
    const batch: T[] = [];
    for (const grid of group.grids) {
      if (batch.length >= Math.min(group.limit, share)) break;
      group.grids.delete(grid);
      batch.push(grid);
    }
    this.left(group, batch.length);
    return batch;
  }

  /** Arrival time of the oldest grid, or undefined when empty. */
  oldestMs(): number | undefined {
    let oldest: number | undefined;
    for (const group of this.groups.values()) oldest = Math.min(oldest ?? headOf(group), headOf(group));
    return oldest;
  }

  /** Takes out everything. */
  clear(): T[] {
    const all = [...this.groups.values()].flatMap((group) => [...group.grids]);
    this.groups.clear();
    this.count = 0;
    return all;
  }

  private groupOf(grid: T): Group<T> {
    const key = groupKey(grid);
    let group = this.groups.get(key);
    if (group === undefined) {
      const { maxBatchGrids, maxBatchResourceElements } = this.limits;
      const fitting = Math.floor(maxBatchResourceElements / grid.row.resourceElements);
      const limit = grid.model.signature.batched ? Math.max(1, Math.min(maxBatchGrids, fitting)) : 1;
      group = { grids: new Set(), key, limit };
      this.groups.set(key, group);
    }
    return group;
  }

  private left(group: Group<T>, grids: number): void {
    this.count -= grids;
    // Shapes come and go: an empty group must not stay behind.
    if (group.grids.size === 0) this.groups.delete(group.key);
  }
}

function groupKey(grid: Queueable): string {
  return `${grid.model.key} ${grid.row.shapeKey} ${grid.suspect ?? ''}`;
}

function headOf<T extends Queueable>(group: Group<T>): number {
  for (const grid of group.grids) return grid.enqueuedMs;
  return Number.POSITIVE_INFINITY;
}
