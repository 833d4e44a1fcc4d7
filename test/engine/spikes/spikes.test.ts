import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, createEngine } from '#engine/engine.js';
import type { SpikesShownEvent } from '#engine/observer.js';
import { type RuntimeTensor, createSession } from '#engine/session.js';
import type { LayerSpikes, SpikesRequest, SpikesWanted } from '#engine/spikes/types.js';
import { TappedModel } from '#engine/spikes/tapped-model.js';
import type { LlrRequest } from '#engine/types.js';
import { findTaps, tapName, withTaps } from '#onnx/taps.js';
import { readNodes } from '#onnx/model-nodes.js';
import { float32sOf, randomRequest } from '../helpers/grids.js';
import { modelFolder, passThroughModel, spikingRxModel } from '../helpers/models.js';
import { until } from '../helpers/scripted.js';

type FloatTensor = Extract<RuntimeTensor, { type: 'float32' }>;
const SHAPE = { nRx: 2, nSym: 14, nSc: 24 };
const PLANE = SHAPE.nSym * SHAPE.nSc;
const WANTED: SpikesWanted = { kinds: ['spikes', 'membrane'], maxBytes: 2 ** 24 };
const V1 = spikingRxModel({ timeSteps: 3 }, 1);

const ask = (seed: number, wanted: Partial<SpikesWanted> = {}, terms: Partial<LlrRequest> = {}) =>
  ({ ...randomRequest(SHAPE, seed, terms), wanted: { ...WANTED, ...wanted } }) satisfies SpikesRequest;

const feed = (data: Float32Array<ArrayBuffer>): RuntimeTensor => ({
  type: 'float32',
  data,
  dims: [1, data.length / PLANE, SHAPE.nSym, SHAPE.nSc],
});

/** Every tap of a grid, from the file itself. */
async function tapped(file: Uint8Array, { rxGrid, dmrs }: LlrRequest) {
  const session = await createSession(withTaps(file, ['spikes', 'membrane']));
  const outputs = await session.run({ rx_grid: feed(rxGrid), dmrs: feed(dmrs) });
  await session.release();
  return (layer: string, kind: 'spikes' | 'membrane') =>
    [0, 1, 2].flatMap((step) => [...(outputs[tapName(layer, step, kind)] as FloatTensor).data]);
}

/** The bits of a layer as numbers. */
function unpacked({ spikes, channels }: LayerSpikes): number[] {
  return Array.from({ length: 3 * channels * PLANE }, (_, i) => ((spikes?.[i >> 3] ?? 0) >> (i & 7)) & 1);
}

describe('spikes on request', () => {
  let engine: Engine;
  let folder: Awaited<ReturnType<typeof modelFolder>>;
  const shown: SpikesShownEvent[] = [];
  beforeAll(async () => {
    folder = await modelFolder({ pass: { '1': passThroughModel({ nRx: 2 }) }, rx: { '1': V1 } });
    engine = await createEngine({
      modelsDir: folder.path,
      workers: 1,
      cores: 2,
      maxBatchGrids: 1,
      defaultModel: 'rx',
      modelControl: 'explicit',
      spikesIdleMs: 3_600_000,
      observer: { spikesShown: (event) => void shown.push(event) },
    });
  });
  afterAll(async () => {
    await engine.close();
    await folder.remove();
  });

  it('are those of the taps of the file, and the LLRs those that are served, bit by bit', async () => {
    const request = ask(1);
    const [served, answer, tap] = await Promise.all([
      engine.compute(randomRequest(SHAPE, 1)),
      engine.spikes(request),
      tapped(V1, request),
    ]);
    expect(answer.layers.map(({ name }) => name)).toEqual([...findTaps(readNodes(V1)).keys()]);
    expect(answer).toMatchObject({ id: 'grid-1', model: 'rx', timeSteps: 3, sha256: served.sha256 });
    expect(answer.llr).toEqual(served.llr);
    for (const layer of answer.layers) {
      const fired = tap(layer.name, 'spikes');
      expect(fired.reduce((sum, spike) => sum + spike, 0)).toBeGreaterThan(0);
      expect(unpacked(layer)).toEqual(fired);
      expect([...float32sOf(layer.membrane as Uint8Array<ArrayBuffer>)]).toEqual(tap(layer.name, 'membrane'));
      const counts = new Uint16Array(layer.counts.buffer);
      const { channels } = layer;
      const at = (step: number, channel: number, re: number) =>
        fired[(step * channels + channel) * PLANE + re] as number;
      const each = Array.from({ length: channels }, (_, channel) => channel);
      const elements = Array.from({ length: PLANE }, (_, re) => re);
      for (const step of [0, 1, 2]) {
        const sums = elements.map((re) => each.reduce((sum, channel) => sum + at(step, channel, re), 0));
        expect([...counts.subarray(step * PLANE, (step + 1) * PLANE)]).toEqual(sums);
        expect(layer.rates[step]).toEqual(
          each.map((channel) => elements.reduce((sum, re) => sum + at(step, channel, re), 0) / PLANE),
        );
      }
    }
  });

  it('come of the layers and in the forms asked for; the observer is told the firing rates', async () => {
    const { layers, timing } = await engine.spikes(ask(2, { layers: ['block1'], kinds: [] }));
    expect(layers.map((layer) => Object.keys(layer))).toEqual([['name', 'channels', 'rates', 'counts']]);
    expect(timing.loadMs).toBe(0);
    const rates = layers[0]?.rates.flat() ?? [];
    const rate = rates.reduce((sum, one) => sum + one, 0) / rates.length;
    expect(shown.at(-1)).toEqual({
      model: 'rx',
      version: '1',
      timing,
      firingRates: [{ layer: 'block1', rate }],
    });
  });

  it('tell what cannot be shown', async () => {
    await expect(engine.spikes(ask(3, { layers: ['block9'] }))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'layers',
      expected: 'stem, block1, block2',
      received: "'block9'",
    });
    await expect(engine.spikes({ ...ask(3), model: 'pass' })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      field: 'model',
    });
    // 3 layers, 3 steps, 8 channels: a count of two bytes, and for each channel a bit and a potential of four bytes.
    const bytes = 3 * 3 * PLANE * (2 + 8 / 8 + 8 * 4);
    await expect(engine.spikes(ask(3, { maxBytes: bytes }))).resolves.toMatchObject({ timeSteps: 3 });
    await expect(engine.spikes(ask(3, { maxBytes: bytes - 1 }))).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
      field: 'layers',
      received: `${bytes} bytes`,
    });
    await expect(engine.spikes({ ...ask(3), shape: { nRx: 1, nSym: 14, nSc: 24 } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'shape.nRx',
    });
  });

  it('leave the memory of the request as it was', async () => {
    const request = ask(4);
    const before = request.rxGrid.slice();
    await engine.spikes(request);
    expect(request.rxGrid).toEqual(before);
  });

  it('are those of the model that is served now', async () => {
    const before = await engine.spikes(ask(5));
    await writeFile(join(folder.path, 'rx', '1', 'model.onnx'), spikingRxModel({ timeSteps: 3 }, 2));
    await engine.repository.load('rx');
    const after = await engine.spikes(ask(5));
    expect(after.sha256).toBe(engine.model('rx').sha256);
    expect(after.sha256).not.toBe(before.sha256);
    expect(after.timing.loadMs).toBeGreaterThan(0);
    expect(after.llr).toEqual((await engine.compute(randomRequest(SHAPE, 5))).llr);
    await engine.repository.unload('rx');
    await expect(engine.spikes(ask(5))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

it('leave the LLRs of a shipped model as they are, bit by bit', async () => {
  const file = readFileSync('models/spikingrx-16qam-2rx-accurate/1/model.onnx');
  const [plain, tap] = await Promise.all([createSession(file), TappedModel.load(file, createSession)]);
  const request = ask(6, { kinds: [] });
  const feeds = { rx_grid: feed(request.rxGrid), dmrs: feed(request.dmrs) };
  const { llr } = await plain.run(feeds);
  const run = await tap.run(request);
  expect(run.layers.map(({ channels }) => channels)).toEqual([32, 32, 32, 32, 32, 32, 32]);
  expect(Buffer.compare(run.llr.bytes, Buffer.from((llr as FloatTensor).data.buffer))).toBe(0);
  await Promise.all([plain.release(), tap.release()]);
});

it('their worker comes when it is asked for and ends when it is not', async () => {
  const folder = await modelFolder({ rx: { '1': V1 } });
  const options = { modelsDir: folder.path, workers: 1, cores: 2, maxBatchGrids: 1, spikesIdleMs: 1 };
  const engine = await createEngine(options);
  for (const seed of [1, 2]) {
    expect(engine.stats.spikesWorkers).toBe(0);
    expect((await engine.spikes(ask(seed))).timing.loadMs).toBeGreaterThan(0);
    await until(() => engine.stats.spikesWorkers === 0, 'the worker ends');
  }
  await engine.close();
  await expect(engine.spikes(ask(1))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await folder.remove();
});
