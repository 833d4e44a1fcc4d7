import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { LatestWork } from '#dashboard/playground/latest.js';

/** Work that ends when told to, or when it is aborted; keeps what was begun, and which of it was cut off. */
function recorded(graceMs: number) {
  const begun: number[] = [];
  const aborted: number[] = [];
  const ends = new Map<number, () => void>();
  const latest = new LatestWork<number>(async (work, { signal }) => {
    begun.push(work);
    await new Promise<void>((resolve) => {
      ends.set(work, resolve);
      signal.addEventListener('abort', () => {
        aborted.push(work);
        resolve();
      });
    });
  }, graceMs);
  const end = async (work: number) => {
    ends.get(work)?.();
    // The next one begins behind the promise that has just settled.
    await sleep(0);
  };
  return { begun, aborted, latest, end };
}

it('of what is asked for meanwhile only the newest is done', async () => {
  const { begun, aborted, latest, end } = recorded(60_000);
  for (const work of [1, 2, 3, 4]) latest.ask(work);
  expect(begun).toEqual([1]);
  await end(1);
  expect(begun).toEqual([1, 4]);
  await end(4);
  expect([begun, aborted]).toEqual([[1, 4], []]);
  latest.ask(5);
  await end(5);
  expect(begun).toEqual([1, 4, 5]);
});

it('what takes too long while newer work waits is cut off', async () => {
  const { begun, aborted, latest, end } = recorded(1);
  latest.ask(1);
  await sleep(20);
  expect(aborted).toEqual([]);
  latest.ask(2);
  await expect.poll(() => begun).toEqual([1, 2]);
  expect(aborted).toEqual([1]);
  await end(2);
  latest.ask(3);
  expect(begun).toEqual([1, 2, 3]);
});

it('stopped: what runs is cut off, what waits is forgotten', async () => {
  const { begun, aborted, latest } = recorded(60_000);
  latest.ask(1);
  latest.ask(2);
  latest.stop();
  await sleep(0);
  expect([begun, aborted]).toEqual([[1], [1]]);
  latest.ask(3);
  expect(begun).toEqual([1, 3]);
});
