import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { encodeGolden } from '#onnx/golden.js';
import { makeGolden } from '#train/golden.js';
import { modelFolder, spikingRxModel } from '../engine/helpers/models.js';
import { until } from '../engine/helpers/scripted.js';
import { ModelTraffic, sha256Of } from './helpers/model-traffic.js';
import { type TestService, startTestService } from './helpers/service.js';

const [A, B, C] = [1, 2, 3].map((seed) => spikingRxModel({}, seed)) as [Uint8Array, Uint8Array, Uint8Array];
const GARBAGE = new TextEncoder().encode('not a model');
/** Answers of the new model before the next change, so that every change meets all kinds of clients. */
const ENOUGH = 40;

let folder: Awaited<ReturnType<typeof modelFolder>>;
let service: TestService;
let traffic: ModelTraffic;
afterEach(async () => {
  await traffic.stop();
  await service.close();
  await folder.remove();
});

async function start(settings: Readonly<Record<string, unknown>>): Promise<void> {
  folder = await modelFolder({ rx: { '1': A } });
  service = await startTestService({ modelsDir: folder.path, workers: 2, ...settings });
  traffic = new ModelTraffic(service, 'rx');
  for (const model of [A, B, C]) await traffic.knows(model);
  traffic.start();
  await until(() => traffic.answers(sha256Of(A)) >= ENOUGH, 'no answers before the first change');
}

/** As operators should: written elsewhere, renamed into place. */
async function put(version: string, bytes: Uint8Array): Promise<void> {
  const target = join(folder.path, 'rx', version);
  await mkdir(target, { recursive: true });
  await writeFile(join(target, '.new'), bytes);
  await rename(join(target, '.new'), join(target, 'model.onnx'));
}

/** Waits until the model answers again and again. */
async function answeredBy(model: Uint8Array): Promise<void> {
  const before = traffic.answers(sha256Of(model));
  await until(() => traffic.answers(sha256Of(model)) >= before + ENOUGH, 'the new model does not answer');
}

const stateOf = (version: string) =>
  service.server.engine.repository.index().find((entry) => entry.version === version);

describe('under traffic of every kind', () => {
  test('versions are replaced, added, taken away and refused on request: no answer is lost or wrong', async () => {
    await start({ modelControl: 'explicit' });
    const { repository } = service.server.engine;
    for (const model of [B, A, C]) {
      await put('1', model);
      await repository.load('rx');
      const loadedAt = performance.now();
      await answeredBy(model);
      const late = traffic.outcomes.filter(({ startedAt }) => startedAt > loadedAt);
      expect(new Set(late.map(({ sha256 }) => sha256))).toEqual(new Set([sha256Of(model)]));
    }
    await put('2', B);
    await repository.load('rx');
    await answeredBy(B);
    await put('3', GARBAGE);
    await expect(repository.load('rx')).rejects.toThrow('rx/3: not an ONNX model');
    await writeFile(join(folder.path, 'rx', '3', 'golden.json'), encodeGolden(await makeGolden(B), 'test'));
    await put('3', A);
    await expect(repository.load('rx')).rejects.toThrow('rx/3: golden grid');
    expect(stateOf('3')).toMatchObject({ state: 'UNAVAILABLE', reason: expect.stringContaining('golden') });
    await answeredBy(B); // broken versions above it change nothing
    for (const version of ['2', '3']) await rm(join(folder.path, 'rx', version), { recursive: true });
    await repository.load('rx');
    await answeredBy(C);
    await traffic.stop();
    expect(traffic.wrong).toEqual([]);
    expect(traffic.errors).toEqual([]);
    expect(traffic.outcomes).toHaveLength(traffic.requests);
  });

  test('polling follows the folder: no answer is lost or wrong', async () => {
    await start({ modelControl: 'poll', modelPollSeconds: 0.05 });
    await put('1', B);
    await answeredBy(B);
    await put('2', C);
    await answeredBy(C);
    await put('2', GARBAGE);
    await until(() => /were refused/.test(stateOf('2')?.reason ?? ''), 'the broken file was not refused');
    await answeredBy(C);
    await rm(join(folder.path, 'rx', '2'), { recursive: true });
    await answeredBy(B);
    await traffic.stop();
    expect(traffic.wrong).toEqual([]);
    expect(traffic.errors).toEqual([]);
    expect(traffic.outcomes).toHaveLength(traffic.requests);
  });

  test('unloading answers what was accepted, then NOT_FOUND, and the service says why it is not ready', async () => {
    await start({ modelControl: 'explicit' });
    const { repository } = service.server.engine;
    await repository.unload('rx');
    const ready = await fetch(`${service.url}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('no model is served')]);
    expect(await (await fetch(`${service.url}/metrics`)).text()).not.toMatch(/^spikingrx_model_info\{/m);
    await until(() => traffic.errors.length > 0, 'no request was refused');
    await repository.load('rx');
    const loadedAt = performance.now();
    await answeredBy(A);
    await traffic.stop();
    expect(traffic.wrong).toEqual([]);
    for (const error of traffic.errors) expect(error).toMatchObject({ code: 'NOT_FOUND' });
    expect(traffic.outcomes.filter(({ startedAt, error }) => startedAt > loadedAt && error)).toEqual([]);
    expect(traffic.outcomes).toHaveLength(traffic.requests);
  });
});

test('metrics and the list of models follow what is served', async () => {
  await start({ modelControl: 'explicit' });
  await put('2', B);
  await service.server.engine.repository.load('rx');
  await rm(join(folder.path, 'rx', '1'), { recursive: true });
  await put('3', GARBAGE);
  await expect(service.server.engine.repository.load('rx')).rejects.toThrow('rx/3: not an ONNX model');
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  const series = (name: string): string[] =>
    metrics.split('\n').filter((line) => line.startsWith(`${name}{`));
  expect(series('spikingrx_model_info')).toEqual([
    `spikingrx_model_info{model="rx",version="2",sha256="${sha256Of(B)}",provider="cpu"} 1`,
  ]);
  expect(series('spikingrx_model_state')).toEqual([
    'spikingrx_model_state{model="rx",version="2",state="READY"} 1',
    'spikingrx_model_state{model="rx",version="3",state="UNAVAILABLE"} 1',
  ]);
  expect(series('spikingrx_model_loads_total')).toEqual([
    'spikingrx_model_loads_total{outcome="ok"} 2',
    'spikingrx_model_loads_total{outcome="contract"} 1',
  ]);
  expect(metrics).toMatch(/^spikingrx_model_load_seconds_count 1$/m);
  expect((await service.rest.models()).map(({ version }) => version)).toEqual(['2']);
});
