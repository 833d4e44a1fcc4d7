import { expect, test } from 'vitest';
import { Admission } from '#engine/admission.js';
import { WaitingRoom } from '#server/waiting-room.js';

const room = (maxQueuedGrids: number) => {
  const admission = new Admission({ maxQueuedGrids, maxQueuedBytes: 1000 });
  return { admission, waiting: new WaitingRoom(admission) };
};
const limits = (ms = 10_000) => ({
  signal: new AbortController().signal,
  deadlineMs: performance.now() + ms,
});
const grids = (count: number, client = '') => ({ grids: count, bytes: 0, client });

/** Records the order in which those who wait are admitted. */
function queue(waiting: WaitingRoom, counts: readonly number[]): { order: number[]; all: Promise<unknown> } {
  const order: number[] = [];
  const waits = counts.map(async (count) => {
    const permit = await waiting.admitWhenRoom(grids(count), limits());
    order.push(count);
    return permit;
  });
  return { order, all: Promise.all(waits) };
}

test('room goes to as many as fit, first come first, and nobody overtakes', async () => {
  const { admission, waiting } = room(4);
  const hold = [waiting.admit(grids(3)), waiting.admit(grids(1))];
  const { order } = queue(waiting, [2, 1, 3]);
  hold[1]!.release();
  await Promise.resolve();
  expect(order).toEqual([]);
  expect(waiting.tryAdmit(grids(1))).toBeUndefined();
  hold[0]!.release();
  await new Promise(setImmediate);
  expect(order).toEqual([2, 1]);
  expect(admission.queuedGrids).toBe(3);
});

test('who gives up lets those behind through', async () => {
  const { waiting } = room(4);
  waiting.admit(grids(3));
  const late = waiting.admitWhenRoom(grids(4), limits(20));
  const { order, all } = queue(waiting, [1]);
  await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  await all;
  expect(order).toEqual([1]);
  const abort = new AbortController();
  const cancelled = waiting.admitWhenRoom(grids(4), { ...limits(), signal: abort.signal });
  abort.abort();
  await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('what can never fit, or comes while draining, does not wait', async () => {
  const { admission, waiting } = room(4);
  await expect(waiting.admitWhenRoom(grids(5), limits())).rejects.toMatchObject({
    code: 'PAYLOAD_TOO_LARGE',
  });
  const hold = waiting.admit(grids(4));
  const waits = waiting.admitWhenRoom(grids(1), limits());
  admission.beginDrain();
  hold.release();
  await expect(waits).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('room goes around the clients, however many messages each has waiting', async () => {
  const { waiting } = room(4);
  const holds = Array.from({ length: 4 }, (_, i) => waiting.admit(grids(1, `before ${i}`)));
  const order: string[] = [];
  const wait = async (client: string): Promise<void> => {
    const permit = await waiting.admitWhenRoom(grids(1, client), limits());
    order.push(client);
    permit.release();
  };
  const all = [...Array(50).fill('greedy'), 'polite', 'modest', 'polite'].map(wait);
  await new Promise(setImmediate);
  for (const hold of holds) hold.release();
  await Promise.all(all);
  expect(order.slice(0, 6)).toEqual(['greedy', 'polite', 'modest', 'greedy', 'polite', 'greedy']);
  expect(order).toHaveLength(53);
});

test('a client that waits for its share only does not hold up others', async () => {
  const { waiting } = room(90);
  const holds = Array.from({ length: 80 }, () => waiting.admit(grids(1, 'greedy')));
  const refused = waiting.admitWhenRoom(grids(5, 'greedy'), limits());
  const polite = await waiting.admitWhenRoom(grids(5, 'polite'), limits());
  polite.release();
  for (const hold of holds) hold.release();
  expect(await refused).toBeDefined();
});

test('a client that wants too much fails alone', async () => {
  const { waiting } = room(4);
  const hold = waiting.admit(grids(4, 'other'));
  const impossible = waiting.admitWhenRoom(grids(5, 'first'), limits());
  const behind = waiting.admitWhenRoom(grids(1, 'second'), limits());
  await expect(impossible).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  hold.release();
  expect(await behind).toBeDefined();
});

test('however many wait when the service drains, each gets its error', async () => {
  const { admission, waiting } = room(4);
  const hold = waiting.admit(grids(4, 'before'));
  const codes = Array.from({ length: 10_000 }, async (_, i) =>
    waiting.admitWhenRoom(grids(1, `client ${i}`), limits()).then(
      () => 'admitted',
      (error: unknown) => (error as { code?: unknown }).code,
    ),
  );
  admission.beginDrain();
  hold.release();
  expect(new Set(await Promise.all(codes))).toEqual(new Set(['UNAVAILABLE']));
});
