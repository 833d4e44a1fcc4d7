import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { PlacedList } from '#engine/placed-list.js';

describe('PlacedList', () => {
  it('holds what a Set would, whatever comes and goes', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 9 })));
    fc.assert(
      fc.property(steps, (changes) => {
        const items = Array.from({ length: 10 }, (_, id) => ({ id, place: 0 }));
        const list = new PlacedList<(typeof items)[number]>();
        const set = new Set<(typeof items)[number]>();
        for (const [comes, index] of changes) {
          const item = items[index]!;
          expect(comes || list.delete(item) === set.delete(item)).toBe(true);
          if (comes && !set.has(item)) {
            list.add(item);
            set.add(item);
          }
          expect(list.size).toBe(set.size);
          expect(new Set(list)).toEqual(set);
        }
      }),
    );
  });

  it('can be emptied while it is gone through', () => {
    const list = new PlacedList<{ place: number }>();
    for (let i = 0; i < 5; i++) list.add({ place: 0 });
    for (const item of list) list.delete(item);
    expect(list.size).toBe(0);
  });
});
