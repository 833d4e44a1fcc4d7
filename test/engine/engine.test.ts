import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { type Engine, createEngine } from '#engine/engine.js';
import { createSession } from '#engine/session.js';
import type { LlrRequest } from '#engine/types.js';
import { float32sOf, randomRequest } from './helpers/grids.js';
import { modelFolder, passThroughModel, spikingRxModel } from './helpers/models.js';
import {
  SCRIPT,
  type ScriptedEngine,
  scriptedEngine,
  scriptedRequest,
  until,
  valueOf,
} from './helpers/scripted.js';

describe('compute', () => {
  let scripted: ScriptedEngine;
  afterEach(async () => scripted.close());

  it.each<[string, Partial<LlrRequest>]>([
    ['shape.nRx', { shape: { nRx: 2, nSym: 2, nSc: 3 } }],
    ['shape.nSc', { shape: { nRx: 1, nSym: 2, nSc: 0 } }],
    ['rxGrid', { rxGrid: new Float32Array(11) }],
    ['dmrs', { dmrs: new Float32Array(13) }],
    ['dataMask', { dataMask: new Uint8Array(0) }],
    ['format.scale', { format: { datatype: 'i8', layout: 'grid', polarity: 'p0_over_p1', scale: 0 } }],
    ['deadlineMs', { deadlineMs: Number.NaN }],
  ])('refuses a request with a bad %s, naming it', async (field, overrides) => {
    scripted = await scriptedEngine();
    const answer = scripted.engine.compute(scriptedRequest(1, overrides));
    await expect(answer).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field });
    expect(scripted.record.finished).toEqual([]);
    expect(scripted.record.dispatched).toEqual([]);
  });

  it('takes arrays that are views of larger buffers and arrays that requests share', async () => {
    scripted = await scriptedEngine();
    const message = new Float32Array(64).map((_, i) => i);
    const dataMask = Uint8Array.of(1, 0, 0, 0, 0, 1);
    const format = { datatype: 'f32', layout: 'codeword', polarity: 'p1_over_p0', scale: 2 } as const;
    const request = { ...scriptedRequest(0, { dataMask, format }), rxGrid: message.subarray(8, 20) };
    const [first, second] = await Promise.all([
      scripted.engine.compute(request),
      scripted.engine.compute({ ...request, id: 'second' }),
    ]);
    // Plane 0 of antenna 0 holds 8…13; both bits carry it; REs 0 and 5 are data.
    expect([...float32sOf(first.llr.bytes)]).toEqual([-16, -16, -26, -26]);
    expect(second).toMatchObject({ id: 'second', llr: { shape: [4] }, timing: { batchSize: 2 } });
    expect(message[8]).toBe(8); // still usable by the caller
  });

  it('answers a request whose arrays were transferred away while queued with an error, not with stale data', async () => {
    scripted = await scriptedEngine();
    const moved = scriptedRequest(1);
    const answers = [scripted.engine.compute(moved), scripted.engine.compute(scriptedRequest(2))];
    structuredClone(moved.rxGrid, { transfer: [moved.rxGrid.buffer] });
    const [bad, good] = await Promise.allSettled(answers);
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'INTERNAL' } });
    expect(good?.status === 'fulfilled' ? valueOf(good.value) : undefined).toBe(2);
  });
});

describe('drain and close', () => {
  let scripted: ScriptedEngine;
  afterEach(async () => scripted.close());

  it('serves what was admitted, admits nothing more and waits for the permits', async () => {
    scripted = await scriptedEngine();
    const { engine } = scripted;
    const permit = engine.admit({ grids: 2, bytes: 100 });
    const first = engine.compute(scriptedRequest(1, { command: SCRIPT.waitForGate, argument: 1 }));
    await until(() => engine.stats.batchesInFlight === 1, 'the gated batch was not sent');
    const draining = engine.drain(20_000);
    expect(engine.ready).toBe(false);
    expect(() => engine.admit({ grids: 1, bytes: 1 })).toThrowError(
      expect.objectContaining({ code: 'UNAVAILABLE' }),
    );
    const second = engine.compute(scriptedRequest(2)); // admitted before the drain, decoded after it began
    scripted.openGate(1);
    expect([valueOf(await first), valueOf(await second)]).toEqual([1, 2]);
    permit.release();
    expect(await draining).toEqual({ abandoned: 0 });
  });

  it('answers what is left with UNAVAILABLE when time runs out', async () => {
    scripted = await scriptedEngine();
    const running = scripted.engine.compute(scriptedRequest(1, { command: SCRIPT.waitForGate, argument: 1 }));
    await until(() => scripted.engine.stats.batchesInFlight === 1, 'the gated batch was not sent');
    const outcomes = Promise.allSettled([running, scripted.engine.compute(scriptedRequest(2))]);
    expect(await scripted.engine.drain(20)).toEqual({ abandoned: 2 });
    for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { code: 'UNAVAILABLE' } });
    scripted.openGate(1);
  });

  it('answers everything on close, twice if need be, and refuses what comes later', async () => {
    scripted = await scriptedEngine();
    const running = scripted.engine.compute(scriptedRequest(1, { command: SCRIPT.waitForGate, argument: 1 }));
    const outcome = Promise.allSettled([running]);
    await until(() => scripted.engine.stats.batchesInFlight === 1, 'the gated batch was not sent');
    await Promise.all([scripted.engine.close(), scripted.engine.close()]);
    expect(await outcome).toMatchObject([{ reason: { code: 'UNAVAILABLE' } }]);
    await expect(scripted.engine.compute(scriptedRequest(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(scripted.record.lost).toEqual([]); // an orderly end is no loss
    expect(scripted.engine.stats).toMatchObject({ liveWorkers: 0, unansweredGrids: 0, waitingGrids: 0 });
  });
});

async function isCudaHere(): Promise<boolean> {
  return createSession(passThroughModel(), { provider: 'cuda' }).then(
    () => true,
    () => false,
  );
}

describe('an engine with a real model', async () => {
  let engine: Engine | undefined;
  let folder: Awaited<ReturnType<typeof modelFolder>> | undefined;
  afterEach(async () => {
    await engine?.close();
    await folder?.remove();
  });

  it('keeps the event loop free while sessions run', async () => {
    folder = await modelFolder({ rx: { '1': spikingRxModel({ channels: 32, timeSteps: 4 }) } });
    engine = await createEngine({ modelsDir: folder.path, workers: 1, cores: 1, maxBatchGrids: 8 });
    const served = engine;
    const requests = Array.from({ length: 8 }, (_, seed) =>
      randomRequest({ nRx: 2, nSym: 14, nSc: 600 }, seed),
    );
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const results = await Promise.all(requests.map(async (request) => served.compute(request)));
    delay.disable();
    const computeMs = Math.max(...results.map((result) => result.timing.computeMs));
    // On the main thread the loop would have stood still for the whole run of the batch.
    expect(computeMs).toBeGreaterThan(20);
    expect(delay.percentile(90) / 1e6).toBeLessThan(computeMs / 2);
  });

  // Where CUDA is installed there is nothing to refuse and nothing to fall back from.
  it.skipIf(await isCudaHere())(
    'refuses provider cuda where it is not there, and falls back with auto',
    async () => {
      folder = await modelFolder({ rx: { '1': spikingRxModel() } });
      const options = { modelsDir: folder.path, workers: 1, cores: 1, maxBatchGrids: 1 };
      engine = await createEngine({ ...options, provider: 'auto' });
      expect(engine.provider).toEqual({ provider: 'cpu', fallbackReason: expect.stringContaining('CUDA') });
      expect(engine.model().provider).toBe('cpu');
      await expect(createEngine({ ...options, provider: 'cuda' })).rejects.toMatchObject({
        code: 'FAILED_PRECONDITION',
        message: expect.stringContaining('ONNXRUNTIME_NODE_INSTALL=cuda12'),
      });
    },
  );
});
