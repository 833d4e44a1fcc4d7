import { describe, expect, it } from 'vitest';
import { type Chunk, runChunk, SLOTS_PER_CHUNK } from '#evaluate/chunk.js';
import { PointProgress, type PointTask } from '#evaluate/point-progress.js';
import { conventionalReceiver, type Receiver } from '#evaluate/receivers.js';
import { AWGN, MCS, receiver } from './helpers/setup.js';

const zero = receiver('zero', ({ bits }) => new Float32Array(bits.length));

function task(change: Partial<PointTask> = {}): PointTask {
  const link = { modulation: 'QPSK', nRx: 1, mcs: MCS } as const;
  return {
    chunk: { evaluation: AWGN, snrDb: 20, link, seed: 1 },
    names: ['it'],
    slots: 5 * SLOTS_PER_CHUNK - 3,
    ...change,
  };
}

/** Hands out as many chunks as `order` names and takes their tallies in the order of `order`. */
async function computed(
  which: PointTask,
  receiving: Receiver,
  order: readonly number[],
): Promise<PointProgress> {
  const progress = new PointProgress(which);
  const chunks: Chunk[] = order.map(() => progress.issue());
  for (const index of order) progress.take(index, await runChunk(chunks[index] as Chunk, [receiving]));
  return progress;
}

describe('a point in chunks', () => {
  it('is the same in whatever order they come, to the last slot', async () => {
    const orders = [
      [0, 1, 2, 3, 4],
      [4, 2, 0, 3, 1],
    ];
    const [forward, mixed] = await Promise.all(
      orders.map((o) => computed(task(), conventionalReceiver('perfect-csi'), o)),
    );
    expect(forward?.done).toBe(true);
    expect(forward?.point().slots).toBe(5 * SLOTS_PER_CHUNK - 3);
    expect(forward?.point().receivers[0]?.blocks).toBe(5 * SLOTS_PER_CHUNK - 3);
    expect(mixed?.point()).toEqual(forward?.point());
  });

  it('drops the chunks beyond its end', async () => {
    const stopping = task({ blockErrors: SLOTS_PER_CHUNK + 1 });
    const exact = await computed(stopping, zero, [0, 1]);
    expect(exact.done).toBe(true);
    expect(exact.point().slots).toBe(2 * SLOTS_PER_CHUNK);
    for (const order of [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
    ])
      expect((await computed(stopping, zero, order)).point()).toEqual(exact.point());
  });

  it('knows which chunks it needs in any case, and how many it expects', async () => {
    const progress = new PointProgress(task({ blockErrors: SLOTS_PER_CHUNK + 1 }));
    const first = progress.issue();
    expect(progress.canIssue(true)).toBe(true);
    progress.issue();
    expect([progress.canIssue(true), progress.canIssue(false)]).toEqual([false, true]);
    expect(progress.expectedChunks()).toBe(5);
    progress.take(0, await runChunk(first, [zero]));
    expect(progress.expectedChunks()).toBe(1);
    expect(progress.canIssue(true)).toBe(false);
  });
});
