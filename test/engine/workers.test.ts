import { afterEach, describe, expect, it } from 'vitest';
import { createEngine } from '#engine/engine.js';
import { modelFolder, passThroughModel } from './helpers/models.js';
import {
  SCRIPT,
  type ScriptedEngine,
  scriptedEngine,
  scriptedRequest,
  until,
  valueOf,
} from './helpers/scripted.js';

describe('a worker that dies', () => {
  let scripted: ScriptedEngine;
  afterEach(async () => scripted.close());

  const compute = async (
    value: number,
    options: Parameters<typeof scriptedRequest>[1] = {},
  ): Promise<number> => valueOf(await scripted.engine.compute(scriptedRequest(value, options)));

  it('is replaced, and its grids are run again, each alone', async () => {
    scripted = await scriptedEngine();
    const answers = await Promise.all([compute(1, { command: SCRIPT.dieOnce, argument: 1 }), compute(2)]);
    expect(answers).toEqual([1, 2]);
    expect(scripted.record.completed.map((event) => event.outcome)).toEqual(['worker_lost', 'ok', 'ok']);
    expect(scripted.record.dispatched.map((event) => event.grids)).toEqual([2, 1, 1]);
    expect(scripted.record.lost).toEqual([{ worker: 0, reason: expect.stringContaining('code 9') }]);
    expect(scripted.record.restarted).toHaveLength(1);
    expect(scripted.engine.stats.liveWorkers).toBe(1);
  });

  it('fails a batch that kills two workers, clearly and once', async () => {
    scripted = await scriptedEngine();
    const answer = compute(1, { command: SCRIPT.die });
    await expect(answer).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('died'),
    });
    expect(scripted.record.finished.map((event) => event.outcome)).toEqual(['INTERNAL']);
    expect(await compute(2)).toBe(2); // the second replacement serves
  });

  it('fails the grid that kills its workers, not those that shared a batch or waited behind it', async () => {
    scripted = await scriptedEngine({ maxQueueDelayMs: 0 });
    const deadly = compute(1, { command: SCRIPT.die });
    const mates = [compute(2), compute(3)];
    await until(() => scripted.record.dispatched.length === 1, 'the batch was not sent');
    const behind = [compute(4), compute(5)];
    await expect(deadly).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(await Promise.all([...mates, ...behind])).toEqual([2, 3, 4, 5]);
    expect(scripted.record.lost).toHaveLength(2);
  });

  it('leaves the other workers serving, and its own grids find one of them', async () => {
    scripted = await scriptedEngine({ workers: 2 });
    const deadly = compute(1, { command: SCRIPT.dieOnce, argument: 1 });
    const others = Array.from({ length: 12 }, async (_, value) => compute(10 + value, { nSc: 4 }));
    expect(await Promise.all(others)).toEqual(Array.from({ length: 12 }, (_, value) => 10 + value));
    expect(await deadly).toBe(1);
    await until(() => scripted.engine.stats.liveWorkers === 2, 'the worker was not replaced');
  });

  it('does not bring back a request that was cancelled meanwhile', async () => {
    scripted = await scriptedEngine();
    const controller = new AbortController();
    const options = { command: SCRIPT.dieOnce, argument: 1, signal: controller.signal };
    const cancelled = compute(1, options);
    await until(() => scripted.record.lost.length === 1, 'the worker did not die');
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    await until(() => scripted.record.restarted.length === 1, 'the worker was not replaced');
    expect(await compute(2)).toBe(2);
    expect(scripted.record.dispatched.map((event) => event.grids)).toEqual([1, 1]);
  });

  it('is not ready while no worker lives', async () => {
    scripted = await scriptedEngine();
    expect(scripted.engine.ready).toBe(true);
    const answer = compute(1, { command: SCRIPT.dieOnce, argument: 1 });
    await until(() => scripted.record.lost.length === 1, 'the worker did not die');
    expect(scripted.engine.ready).toBe(false);
    expect(scripted.engine.model().ready).toBe(false);
    expect(await answer).toBe(1);
    expect(scripted.engine.ready).toBe(true);
  });
});

describe('a batch that does not return', () => {
  let scripted: ScriptedEngine;
  afterEach(async () => scripted.close());
  const compute = async (
    value: number,
    options: Parameters<typeof scriptedRequest>[1] = {},
  ): Promise<number> => valueOf(await scripted.engine.compute(scriptedRequest(value, options)));

  it('fails in time; its worker is replaced, and what waited behind it is served', async () => {
    scripted = await scriptedEngine({ maxQueueDelayMs: 0, workerStallMs: 200 });
    const stalled = compute(1, { command: SCRIPT.waitForGate, argument: 1 });
    await until(() => scripted.record.dispatched.length === 1, 'the batch was not sent');
    const behind = compute(2);
    await expect(stalled).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'a batch did not return within 200 ms; its worker was given up',
    });
    expect(await behind).toBe(2);
    expect(scripted.record.lost).toEqual([{ worker: 0, reason: 'a batch did not return within 200 ms' }]);
    scripted.openGate(1);
    expect(await compute(3)).toBe(3);
  });

  it('is not replaced while more threads have stalled than there are workers', async () => {
    scripted = await scriptedEngine({ workerStallMs: 200 });
    const stall = async (gate: number) =>
      expect(compute(gate, { command: SCRIPT.waitForGate, argument: gate })).rejects.toThrow('given up');
    await stall(1);
    await stall(2);
    await new Promise((resolve) => setTimeout(resolve, 500)); // the delays before a replacement are shorter
    expect(scripted.engine.stats.liveWorkers).toBe(0);
    expect(scripted.engine.ready).toBe(false);
    scripted.openGate(1);
    expect(await compute(3)).toBe(3);
    scripted.openGate(2);
  });
});

describe('a worker that does not start', () => {
  it('fails the start of the engine with the reason', async () => {
    const models = await modelFolder({ pass: { '1': passThroughModel() } });
    const workerUrl = new URL('./helpers/no-such-worker.mjs', import.meta.url);
    const options = { modelsDir: models.path, workers: 2, cores: 2 };
    await expect(createEngine(options, { workerUrl })).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('no-such-worker.mjs'),
    });
    await models.remove();
  });
});
