/** What a {@link PlacedList} holds. */
export interface Placed {
  /** Where it is in the list; the list's own. */
  place: number;
}

/**
 * Things that come and go by the thousand, in no order. A `Set` would do but for the garbage collector: each table that
 * a set outgrows holds on to the next one and to all that was in it, so that nothing of it dies young.
 */
export class PlacedList<T extends Placed> implements Iterable<T> {
  private readonly items: T[] = [];

  get size(): number {
    return this.items.length;
  }

  add(item: T): void {
    item.place = this.items.length;
    this.items.push(item);
  }

  /** Takes out an item, if it is in this list. */
  delete(item: T): boolean {
    if (this.items[item.place] !== item) return false;
    const last = this.items.pop();
    if (last === undefined || last === item) return true;
    this.items[item.place] = last;
    last.place = item.place;
    return true;
  }

  /** As it is now: items may leave meanwhile. */
  [Symbol.iterator](): IterableIterator<T> {
    return [...this.items].values();
  }
}
