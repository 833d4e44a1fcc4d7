import { describe, expect, it } from 'vitest';
import { FairTags } from '#engine/fair-tags.js';

/** A grid comes, and is served at once. @returns its tag. */
function pass(tags: FairTags, client: string, work: number): number {
  const tag = tags.arrive(client, work);
  tags.serve(client, tag, work);
  tags.leave(client);
  return tag;
}

describe('FairTags', () => {
  it('remembers what a client was given while others wait', () => {
    const tags = new FairTags();
    tags.arrive('waits', 10);
    expect([1, 2, 3].map(() => pass(tags, 'comes and goes', 10))).toEqual([0, 10, 20]);
  });

  it('holds nothing against a client once nobody waits', () => {
    const tags = new FairTags();
    tags.arrive('waits', 10);
    pass(tags, 'early', 100);
    tags.leave('waits');
    expect([pass(tags, 'early', 100), tags.arrive('new', 10)]).toEqual([0, 0]);
  });

  it('charges for nothing that left unserved', () => {
    const tags = new FairTags();
    tags.arrive('waits', 10);
    for (let i = 0; i < 50; i += 1) tags.arrive('gives up', 10);
    for (let i = 0; i < 50; i += 1) tags.leave('gives up');
    expect(tags.arrive('gives up', 10)).toBe(0);
  });

  it('keeps so many clients that have nothing waiting, and forgets the oldest first', () => {
    const tags = new FairTags(2);
    tags.arrive('waits', 10);
    for (const client of ['first', 'second', 'third']) pass(tags, client, 10);
    expect(['first', 'second', 'third'].map((client) => tags.arrive(client, 10))).toEqual([0, 10, 10]);
  });
});
