import { afterEach, describe, expect, it } from 'vitest';
import {
  SCRIPT,
  type ScriptedEngine,
  scriptedEngine,
  scriptedRequest,
  until,
  valueOf,
} from './helpers/scripted.js';

describe('batching', () => {
  let scripted: ScriptedEngine;
  let running: Promise<number>;
  afterEach(async () => scripted.close());

  const compute = async (
    value: number,
    options: Parameters<typeof scriptedRequest>[1] = {},
  ): Promise<number> => valueOf(await scripted.engine.compute(scriptedRequest(value, options)));
  const batchSizes = (): number[] => scripted.record.dispatched.map((event) => event.grids);

  /** Occupies the one worker with a batch that ends when gate 1 opens. */
  async function occupyWorker(): Promise<void> {
    running = compute(-1, { command: SCRIPT.waitForGate, argument: 1 });
    await until(() => scripted.engine.stats.batchesInFlight === 1, 'the gated batch was not sent');
  }

  it('sends what waits at once when the worker is free, in spite of a long queue delay', async () => {
    scripted = await scriptedEngine({ maxQueueDelayMs: 60_000 });
    expect(await compute(7)).toBe(7);
    expect(batchSizes()).toEqual([1]);
  });

  it('puts grids of one event-loop turn into one batch and answers each with its own row', async () => {
    scripted = await scriptedEngine();
    expect(await Promise.all([compute(1), compute(2), compute(3)])).toEqual([1, 2, 3]);
    expect(batchSizes()).toEqual([3]);
  });

  it('shares grids of one shape out among free workers', async () => {
    scripted = await scriptedEngine({ workers: 2, maxBatchGrids: 8 });
    await Promise.all(Array.from({ length: 6 }, async (_, value) => compute(value)));
    expect(batchSizes()).toEqual([3, 3]);
    expect(new Set(scripted.record.dispatched.map((event) => event.worker)).size).toBe(2);
  });

  it('prepares exactly one next batch behind the running one, once it is full', async () => {
    scripted = await scriptedEngine({ maxBatchGrids: 4 });
    await occupyWorker();
    const waiting = Array.from({ length: 10 }, async (_, value) => compute(value));
    await until(() => scripted.engine.stats.batchesInFlight === 2, 'no batch was prepared');
    expect(scripted.engine.stats.waitingGrids).toBe(6);
    expect(batchSizes()).toEqual([1, 4]);
    scripted.openGate(1);
    await running;
    expect(await Promise.all(waiting)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(batchSizes()).toEqual([1, 4, 4, 2]);
  });

  it('prepares a batch that is not full when its oldest grid has waited maxQueueDelayMs', async () => {
    scripted = await scriptedEngine({ maxQueueDelayMs: 5 });
    await occupyWorker();
    const waiting = compute(3);
    await until(() => scripted.engine.stats.batchesInFlight === 2, 'the delay did not fill the next batch');
    expect(scripted.record.dispatched[1]?.grids).toBe(1);
    scripted.openGate(1);
    expect(await Promise.all([running, waiting])).toEqual([-1, 3]);
    expect(scripted.record.finished[1]?.queueMs).toBeGreaterThanOrEqual(5);
  });

  it('keeps shapes apart, bounds batches by resource elements and runs an oversized grid alone', async () => {
    scripted = await scriptedEngine({ maxBatchGrids: 8, maxBatchResourceElements: 12 });
    await occupyWorker();
    const small = [0, 1, 2].map(async (value) => compute(value)); // 6 elements each: 2 a batch
    const large = [10, 11].map(async (value) => compute(value, { nSc: 20 })); // 40 elements: alone
    scripted.openGate(1);
    await running;
    expect(await Promise.all([...small, ...large])).toEqual([0, 1, 2, 10, 11]);
    const sizes = scripted.record.dispatched.slice(1).map((event) => [event.grids, event.resourceElements]);
    expect(sizes.toSorted((a, b) => (a[1] ?? 0) - (b[1] ?? 0))).toEqual([
      [1, 6],
      [2, 12],
      [1, 40],
      [1, 40],
    ]);
  });

  it('serves shapes in the order of their oldest grid', async () => {
    scripted = await scriptedEngine();
    await occupyWorker();
    const order: number[] = [];
    const note = async (value: number, nSc: number): Promise<void> => {
      order.push(await compute(value, { nSc }));
    };
    const waiting = [note(1, 5), note(2, 6), note(3, 5), note(4, 7)];
    scripted.openGate(1);
    await running;
    await Promise.all(waiting);
    expect(order).toEqual([1, 3, 2, 4]);
  });

  it('runs the requests of a batch whose session throws again, alone, and fails only the one it throws for', async () => {
    scripted = await scriptedEngine();
    const outcomes = await Promise.allSettled([
      compute(1, { command: SCRIPT.fail, nSc: 5 }),
      compute(2, { nSc: 5 }), // shares the failing batch
      compute(3, { nSc: 6 }),
    ]);
    expect(outcomes).toMatchObject([
      {
        status: 'rejected',
        reason: { code: 'INTERNAL', message: expect.stringContaining('scripted failure') },
      },
      { status: 'fulfilled', value: 2 },
      { status: 'fulfilled', value: 3 },
    ]);
    const batches = scripted.record.completed.map(({ grids, outcome }) => `${grids} ${outcome}`);
    expect(batches.toSorted()).toEqual(['1 failed', '1 ok', '1 ok', '2 failed']);
  });

  it('goes on after many failures: a rejection poisons neither the queue nor the worker', async () => {
    scripted = await scriptedEngine();
    for (let round = 0; round < 5; round += 1) {
      await expect(compute(0, { command: SCRIPT.fail })).rejects.toMatchObject({ code: 'INTERNAL' });
      expect(await compute(round)).toBe(round);
    }
    expect(scripted.record.lost).toEqual([]);
  });

  it('fails only the row whose LLRs are not finite', async () => {
    scripted = await scriptedEngine();
    const [bad, good] = await Promise.allSettled([compute(1, { command: SCRIPT.notFinite }), compute(2)]);
    expect(batchSizes()).toEqual([2]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'INTERNAL' } });
    expect(good).toEqual({ status: 'fulfilled', value: 2 });
  });

  it('reports every grid that was queued once, with its stage times', async () => {
    scripted = await scriptedEngine();
    await Promise.allSettled([compute(1), compute(2), compute(3, { model: 'absent' })]);
    const served = { model: 'pass', version: '1', outcome: 'OK', batchSize: 2 };
    expect(scripted.record.finished).toMatchObject([served, served]);
    expect(scripted.record.finished).toHaveLength(2);
  });

  it('survives an observer that throws', async () => {
    const observer = {
      batchDispatched: () => {
        throw new Error('observer bug');
      },
    };
    scripted = await scriptedEngine({ observer });
    expect(await compute(4)).toBe(4);
  });
});
