import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { type HeapEntry, KeyedHeap } from '#engine/keyed-heap.js';

it('gives the smallest key, of equal ones the first, whatever leaves from the middle', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ key: fc.integer({ min: 0, max: 99 }) }) },
    { weight: 2, arbitrary: fc.record({ pick: fc.nat() }) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 60, maxLength: 200 }), (steps) => {
      const heap = new KeyedHeap<HeapEntry>();
      const list: HeapEntry[] = [];
      for (const [order, one] of steps.entries()) {
        if ('key' in one) {
          const entry = { key: one.key, order, index: 0 };
          heap.push(entry);
          list.push(entry);
        } else if (list.length > 0) {
          const [entry] = list.splice(one.pick % list.length, 1);
          if (entry !== undefined) heap.remove(entry);
        }
        const first = list.toSorted((a, b) => a.key - b.key || a.order - b.order)[0];
        expect(heap.peek()).toBe(first);
        expect(heap.size).toBe(list.length);
      }
      for (const expected of list.toSorted((a, b) => a.key - b.key || a.order - b.order)) {
        const entry = heap.peek();
        expect(entry).toBe(expected);
        if (entry !== undefined) heap.remove(entry);
      }
    }),
    { seed: 1, numRuns: 100 },
  );
});
