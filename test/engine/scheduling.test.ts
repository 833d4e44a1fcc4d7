import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LlrRequest } from '#engine/types.js';
import { SCRIPT, type ScriptedEngine, scriptedEngine, scriptedRequest, until } from './helpers/scripted.js';

/** How long the batch takes that the times are learnt from: long beside anything a loaded machine adds. */
const LEARNT_MS = 800;

const urgent = (budgetMs: number) => ({ urgent: true, deadlineMs: performance.now() + budgetMs });

describe('measured times', () => {
  let scripted: ScriptedEngine;
  let tookMs: number;

  const compute = async (value: number, overrides: Partial<LlrRequest> = {}) =>
    scripted.engine.compute(scriptedRequest(value, overrides));
  const dispatched = (since: number) => scripted.record.dispatched.slice(since).map(({ grids }) => grids);

  /** A batch of one grid that ends when its gate opens. */
  async function gated(
    gate: number,
    overrides: Partial<LlrRequest> = {},
  ): Promise<{ readonly done: Promise<unknown> }> {
    const before = scripted.record.dispatched.length;
    const script = { command: SCRIPT.waitForGate, argument: gate };
    const done = scripted.engine.compute(scriptedRequest(0, { ...script, ...overrides }));
    await until(() => scripted.record.dispatched.length > before, 'the gated batch was not sent');
    return { done };
  }

  beforeEach(async () => {
    scripted = await scriptedEngine({ maxBatchGrids: 4 });
    const startMs = performance.now();
    const { done } = await gated(1);
    setTimeout(() => scripted.openGate(1), LEARNT_MS);
    await done;
    tookMs = performance.now() - startMs;
  });
  afterEach(async () => scripted.close());

  it('keep a batch as small as its urgent grid needs', async () => {
    const before = scripted.record.dispatched.length;
    const [first] = await Promise.all([compute(1, urgent(1.5 * tookMs)), compute(2), compute(3), compute(4)]);
    expect(dispatched(before)).toEqual([1, 3]);
    // Half of what one grid takes is left; give or take the time to get here.
    expect(first.timing.slackMs).toBeGreaterThan(0.2 * tookMs);
    expect(first.timing.slackMs).toBeLessThan(0.8 * tookMs);
  });

  it('leave the next batch open to urgent grids until it is needed', async () => {
    const before = scripted.record.dispatched.length;
    const { done } = await gated(2, urgent(60_000));
    const waiting = [1, 2, 3, 4].map(async (value) => compute(value));
    // A full batch would be sent behind the running one at once, were nobody to overtake it.
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(scripted.engine.stats).toMatchObject({ batchesInFlight: 1, waitingGrids: 4 });
    const late = compute(9, { ...urgent(60_000), priority: 'high' });
    scripted.openGate(2);
    await Promise.all([done, late, ...waiting]);
    expect(dispatched(before)).toEqual([1, 4, 1]);
    const urgentOnes = scripted.record.finished.filter(({ slackMs }) => slackMs !== undefined);
    expect(urgentOnes.at(-1)).toMatchObject({ batchSize: 4, priority: 'high', outcome: 'OK' });
  });
});
