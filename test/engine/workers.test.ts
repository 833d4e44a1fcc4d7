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

  it('is replaced, and its batch is run again', async () => {
    scripted = await scriptedEngine();
    const answers = await Promise.all([compute(1, { command: SCRIPT.dieOnce, argument: 1 }), compute(2)]);
    expect(answers).toEqual([1, 2]);
    expect(scripted.record.completed.map((event) => event.outcome)).toEqual(['worker_lost', 'ok']);
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
