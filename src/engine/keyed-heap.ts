/** What a heap holds: the smallest `key` comes first, of equal ones the smallest `order`. */
export interface HeapEntry {
  readonly key: number;
  readonly order: number;
  /** Place in the heap that holds it; the heap's own. */
  index: number;
}

/** A binary heap whose entries can leave from the middle: all but `peek` take time of order log n. */
export class KeyedHeap<E extends HeapEntry> implements Iterable<E> {
  private readonly entries: E[] = [];

  get size(): number {
    return this.entries.length;
  }

  peek(): E | undefined {
    return this.entries[0];
  }

  /** In no order. */
  [Symbol.iterator](): IterableIterator<E> {
    return this.entries.values();
  }

  push(entry: E): void {
    entry.index = this.entries.length;
    this.entries.push(entry);
    this.rise(entry);
  }

  /** Takes out an entry, which must be in this heap. */
  remove(entry: E): void {
    const last = this.entries.pop();
    if (last === undefined || last === entry) return;
    this.put(last, entry.index);
    this.rise(last);
    this.sink(last);
  }

  private rise(entry: E): void {
    while (entry.index > 0) {
      const parent = this.entries[(entry.index - 1) >> 1] as E;
      if (!isBefore(entry, parent)) return;
      this.swap(parent, entry);
    }
  }

  private sink(entry: E): void {
    for (;;) {
      const left = this.entries[2 * entry.index + 1];
      const right = this.entries[2 * entry.index + 2];
      if (left === undefined) return;
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(child, entry)) return;
      this.swap(entry, child);
    }
  }

  private swap(above: E, below: E): void {
    const { index } = above;
    this.put(above, below.index);
    this.put(below, index);
  }

  private put(entry: E, index: number): void {
    this.entries[index] = entry;
    entry.index = index;
  }
}

export function isBefore(a: HeapEntry, b: HeapEntry): boolean {
  return a.key < b.key || (a.key === b.key && a.order < b.order);
}
