import { afterEach, describe, expect, it } from 'vitest';
import {
  SCRIPT,
  type ScriptedEngine,
  scriptedEngine,
  scriptedRequest,
  until,
  valueOf,
} from './helpers/scripted.js';

describe('cancellation and deadlines', () => {
  let scripted: ScriptedEngine;
  let running: Promise<unknown>;
  afterEach(async () => scripted.close());

  /** One worker, kept busy until gate 1 opens. */
  async function busyEngine(): Promise<void> {
    scripted = await scriptedEngine();
    running = scripted.engine.compute(scriptedRequest(0, { command: SCRIPT.waitForGate, argument: 1 }));
    await until(() => scripted.engine.stats.batchesInFlight === 1, 'the gated batch was not sent');
  }

  it('expires a queued request while a long batch runs', async () => {
    await busyEngine();
    const answer = scripted.engine.compute(scriptedRequest(1, { deadlineMs: performance.now() + 20 }));
    await expect(answer).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: expect.stringContaining('queue'),
    });
    expect(scripted.record.completed).toEqual([]); // the gate is still closed
    expect(scripted.engine.stats.waitingGrids).toBe(0);
    scripted.openGate(1);
    await running;
    expect(scripted.record.dispatched).toHaveLength(1); // it never reached a batch
  });

  it('expires a request whose batch is running', async () => {
    scripted = await scriptedEngine();
    const deadlineMs = performance.now() + 60;
    const request = scriptedRequest(0, { command: SCRIPT.waitForGate, argument: 1, deadlineMs });
    await expect(scripted.engine.compute(request)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(scripted.record.completed).toEqual([]);
    scripted.openGate(1);
    await until(() => scripted.record.completed.length === 1, 'the batch did not end');
    expect(scripted.record.finished.map((event) => event.outcome)).toEqual(['DEADLINE_EXCEEDED']);
  });

  it('refuses at once what comes too late or cancelled', async () => {
    scripted = await scriptedEngine();
    const late = scripted.engine.compute(scriptedRequest(1, { deadlineMs: performance.now() - 1 }));
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const aborted = scripted.engine.compute(scriptedRequest(1, { signal: AbortSignal.abort() }));
    await expect(aborted).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(scripted.record.dispatched).toEqual([]);
  });

  it('takes a cancelled request out of the queue before it is batched', async () => {
    await busyEngine();
    const controller = new AbortController();
    const cancelled = scripted.engine.compute(scriptedRequest(1, { signal: controller.signal }));
    const kept = scripted.engine.compute(scriptedRequest(2));
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(scripted.engine.stats.waitingGrids).toBe(1);
    scripted.openGate(1);
    await running;
    expect(valueOf(await kept)).toBe(2);
    expect(scripted.record.dispatched.map((event) => event.grids)).toEqual([1, 1]);
  });

  it('drops a cancelled row of a running batch and answers the others', async () => {
    scripted = await scriptedEngine();
    const controller = new AbortController();
    const gated = { command: SCRIPT.waitForGate, argument: 1 };
    const cancelled = scripted.engine.compute(scriptedRequest(1, { ...gated, signal: controller.signal }));
    const kept = scripted.engine.compute(scriptedRequest(2));
    await until(() => scripted.record.dispatched.length === 1, 'the batch was not sent');
    controller.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });
    scripted.openGate(1);
    expect(valueOf(await kept)).toBe(2);
    expect(scripted.record.finished.map((event) => event.outcome)).toEqual(['CANCELLED', 'OK']);
  });

  it('ignores an abort and a deadline that come after the answer', async () => {
    scripted = await scriptedEngine();
    const controller = new AbortController();
    const deadlineMs = performance.now() + 5_000;
    const request = scriptedRequest(5, { signal: controller.signal, deadlineMs });
    expect(valueOf(await scripted.engine.compute(request))).toBe(5);
    controller.abort();
    expect(scripted.record.finished.map((event) => event.outcome)).toEqual(['OK']);
  });
});
