import { type BatchChoice, BatchQueue, type Queueable } from '#engine/batch-queue.js';

export interface Item extends Queueable {
  readonly id: number;
}

/** A grid of 2 × `nSc` that came at `id` milliseconds: one client's, not urgent, of normal priority. */
export function item(
  id: number,
  nSc: number,
  { model = 'a/1', ...overrides }: Omit<Partial<Item>, 'model'> & { model?: string } = {},
): Item {
  const row = { shapeKey: `${nSc}`, resourceElements: 2 * nSc };
  const signature = { batched: model !== 'whole/1' };
  return {
    id,
    row,
    model: { key: model, signature },
    enqueuedMs: id,
    client: 'one',
    priority: 'normal',
    urgent: false,
    deadlineMs: Number.POSITIVE_INFINITY,
    entry: undefined,
    ...overrides,
  };
}

/** An idle worker at time 0 that computes in no time. */
export const ANY: BatchChoice<Item> = {
  nowMs: 0,
  startMs: 0,
  orOlderThanMs: Number.POSITIVE_INFINITY,
  shares: 1,
  computeMs: () => 0,
};

export const ids = (batch: readonly Item[]): number[] => batch.map(({ id }) => id);

export function queueOf(items: readonly Item[], maxBatchGrids = 8): BatchQueue<Item> {
  const queue = new BatchQueue<Item>({ maxBatchGrids, maxBatchResourceElements: 100_000 });
  for (const one of items) queue.push(one);
  return queue;
}

/** Everything that waits, batch by batch. */
export function drain(queue: BatchQueue<Item>, choice: Partial<BatchChoice<Item>> = {}): number[][] {
  const batches: number[][] = [];
  while (queue.size > 0) batches.push(ids(queue.take({ ...ANY, ...choice }).batch));
  return batches;
}
