import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Engine, createEngine, prepareEngine } from '#engine/engine.js';
import type { ModelRefusedEvent } from '#engine/observer.js';
import type { EngineOptions } from '#engine/options.js';
import { type GoldenGrid, encodeGolden } from '#onnx/golden.js';
import { makeGolden } from '#train/golden.js';
import { float32sOf, randomRequest } from './helpers/grids.js';
import { type ModelTree, modelFolder, passThroughModel, spikingRxModel } from './helpers/models.js';
import { until } from './helpers/scripted.js';

const SHAPE = { nRx: 2, nSym: 14, nSc: 12 };
const V1 = spikingRxModel({}, 1);
const V2 = spikingRxModel({}, 2);

let folder: Awaited<ReturnType<typeof modelFolder>>;
let engine: Engine | undefined;
afterEach(async () => {
  await engine?.close();
  await folder.remove();
  engine = undefined;
});

async function start(tree: ModelTree, options: Partial<EngineOptions> = {}): Promise<Engine> {
  folder = await modelFolder(tree);
  const defaults = { modelsDir: folder.path, workers: 1, cores: 1, maxBatchGrids: 2 };
  engine = await createEngine({ ...defaults, modelControl: 'explicit', ...options });
  return engine;
}

const put = async (version: string, bytes: Uint8Array) =>
  writeFile(join(folder.path, 'rx', version, 'model.onnx'), bytes);

const served = (from: Engine) => from.models().map(({ name, version }) => `${name}/${version}`);
const states = (from: Engine) =>
  from.repository.index().map(({ name, version, state }) => `${name}/${version} ${state}`);

describe('load', () => {
  it('serves a version replaced in place, and says so in answers', async () => {
    const subject = await start({ rx: { '1': V1 } });
    const before = await subject.compute(randomRequest(SHAPE, 1));
    await put('1', V2);
    await subject.repository.load('rx');
    const after = await subject.compute(randomRequest(SHAPE, 1));
    expect(after.sha256).not.toBe(before.sha256);
    expect(after.sha256).toBe(subject.model().sha256);
    expect(float32sOf(after.llr.bytes)).not.toEqual(float32sOf(before.llr.bytes));
  });

  it('does nothing where nothing changed', async () => {
    const subject = await start({ rx: { '1': V1 } });
    const { instance } = subject.model();
    await put('1', V1); // another time stamp
    await subject.repository.load('rx');
    expect(subject.model().instance).toBe(instance);
  });

  it('keeps the old model and says why when the new one is broken', async () => {
    const subject = await start({ rx: { '1': V1 } });
    const { sha256 } = subject.model();
    await put('1', new TextEncoder().encode('garbage'));
    await expect(subject.repository.load('rx')).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining('rx/1: not an ONNX model'),
    });
    expect(subject.repository.index()).toEqual([
      {
        name: 'rx',
        version: '1',
        state: 'READY',
        sha256,
        reason: expect.stringMatching(/serves on.*not an ONNX/),
      },
    ]);
    expect((await subject.compute(randomRequest(SHAPE, 1))).sha256).toBe(sha256);
    await put('1', V2);
    await subject.repository.load('rx');
    expect(subject.repository.index()).toMatchObject([
      { state: 'READY', reason: expect.not.stringContaining('serves on') },
    ]);
  });

  it('takes away versions whose folders are gone', async () => {
    const subject = await start({ rx: { '1': V1, '2': V2 } });
    expect(subject.model().version).toBe('2');
    await rm(join(folder.path, 'rx', '2'), { recursive: true });
    await subject.repository.load('rx');
    expect(subject.model().version).toBe('1');
    expect(states(subject)).toEqual(['rx/1 READY']);
  });

  it('does not say where the folder is', async () => {
    const subject = await start({ rx: { '1': V1 } });
    await rename(folder.path, `${folder.path}-away`);
    await expect(subject.repository.load('rx')).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'the models folder cannot be read',
    });
    await rename(`${folder.path}-away`, folder.path);
    expect(subject.ready).toBe(true);
  });

  it('waits for the start of the service', async () => {
    folder = await modelFolder({ rx: { '1': V1 } });
    const options = { modelsDir: folder.path, workers: 1, cores: 1, modelControl: 'explicit' } as const;
    const prepared = await prepareEngine(options);
    await expect(prepared.engine.repository.load('rx')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(prepared.engine.repository.index()).toMatchObject([{ state: 'LOADING' }]);
    await prepared.start();
    expect(prepared.engine.repository.index()).toMatchObject([{ state: 'READY' }]);
    await prepared.engine.close();
  });

  it('refuses names that are not there, and every change without modelControl explicit', async () => {
    const subject = await start({ rx: { '1': V1 } });
    await expect(subject.repository.load('../rx')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(subject.repository.unload('tx')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await subject.close();
    const still = await createEngine({ modelsDir: folder.path, workers: 1, cores: 1 });
    for (const change of ['load', 'unload'] as const)
      await expect(still.repository[change]('rx')).rejects.toMatchObject({
        code: 'FAILED_PRECONDITION',
        message: expect.stringContaining('modelControl'),
      });
    await still.close();
  });
});

const putGolden = async (version: string, grids: readonly GoldenGrid[]) =>
  writeFile(join(folder.path, 'rx', version, 'golden.json'), encodeGolden(grids, 'test'));
const put3 = async (bytes: Uint8Array, grids: readonly GoldenGrid[]) => {
  await mkdir(join(folder.path, 'rx', '3'), { recursive: true });
  await put('3', bytes);
  await putGolden('3', grids);
};

describe('golden grids', () => {
  const UNPROVED = 'no golden grids: only finite answers and equal rows in batches were checked';
  it('prove a version: with those of another it does not serve, and the one before it goes on', async () => {
    const [first, second] = await Promise.all([makeGolden(V1), makeGolden(V2)]);
    const subject = await start({ rx: { '1': V1 } });
    expect(subject.repository.index()).toMatchObject([{ state: 'READY', reason: UNPROVED }]);
    await put3(V2, first);
    await expect(subject.repository.load('rx')).rejects.toMatchObject({
      message: expect.stringMatching(
        /rx\/3: golden grid 4x14x12: its LLRs are off by .* at most 0\.001 on cpu/,
      ),
    });
    expect(subject.model().version).toBe('1');
    await putGolden('3', second);
    await subject.repository.load('rx');
    expect(subject.model().version).toBe('3');
    expect(subject.repository.index()).toMatchObject([{ reason: UNPROVED }, { version: '3', reason: '' }]);
  });

  it('may come to a version that serves already: it is loaded again and compared', async () => {
    const subject = await start({ rx: { '1': V1 } });
    const { instance } = subject.model();
    await putGolden('1', await makeGolden(V2));
    await expect(subject.repository.load('rx')).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    expect(subject.model().instance).toBe(instance);
    await putGolden('1', await makeGolden(V1));
    await subject.repository.load('rx');
    expect(subject.model().instance).not.toBe(instance);
    expect(subject.repository.index()).toMatchObject([{ state: 'READY', reason: '' }]);
  });

  it('are read before anything serves at the start', async () => {
    folder = await modelFolder({ rx: { '1': V1, '2': V2 } });
    await putGolden('2', await makeGolden(V1));
    await writeFile(join(folder.path, 'rx', '1', 'golden.json'), '{}');
    const options = { modelsDir: folder.path, workers: 1, cores: 1, maxBatchGrids: 2 };
    await expect(createEngine(options)).rejects.toMatchObject({
      message: expect.stringMatching(/rx\/1: golden\.json: .*; rx\/2: golden grid/),
    });
  });
});

describe('unload', () => {
  it('takes a model out until it is loaded again; without any the engine is not ready', async () => {
    const subject = await start({ rx: { '1': V1 } });
    await subject.repository.unload('rx');
    expect(subject.ready).toBe(false);
    expect(subject.models()).toEqual([]);
    expect(subject.repository.index()).toEqual([
      { name: 'rx', version: '1', state: 'UNAVAILABLE', reason: 'unloaded on request' },
    ]);
    await expect(subject.compute(randomRequest(SHAPE, 1))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await subject.repository.load('rx');
    expect(subject.ready).toBe(true);
    await subject.compute(randomRequest(SHAPE, 1));
  });

  it('answers what was accepted before', async () => {
    const subject = await start({ rx: { '1': V1 } });
    const answers = Array.from({ length: 6 }, async (_, seed) => subject.compute(randomRequest(SHAPE, seed)));
    await subject.repository.unload('rx');
    const results = await Promise.all(answers);
    expect(results).toHaveLength(6);
  });
});

describe('the version policy', () => {
  const broken = new TextEncoder().encode('garbage');

  it('serves the highest versions that work', async () => {
    const tree = { rx: { '1': V1, '2': V2, '3': broken } };
    const subject = await start(tree, { maxModelVersions: 1 });
    expect(served(subject)).toEqual(['rx/2']);
    expect(states(subject)).toEqual(['rx/1 UNAVAILABLE', 'rx/2 READY', 'rx/3 UNAVAILABLE']);
    await put('3', V1);
    await subject.repository.load('rx');
    expect(served(subject)).toEqual(['rx/3']);
  });

  it('takes a version without LLRs for broken where others have them, at the start and later', async () => {
    const tensorsOnly = passThroughModel({ nRx: 2, llrName: 'logits' });
    const subject = await start({ rx: { '1': V1, '2': tensorsOnly } });
    expect(served(subject)).toEqual(['rx/1']);
    await put('1', tensorsOnly);
    await expect(subject.repository.load('rx')).rejects.toMatchObject({
      message: expect.stringMatching(/rx\/2: other versions.*rx\/1: other versions.*found logits/),
    });
    expect(subject.repository.index()).toMatchObject([
      { version: '1', state: 'READY', reason: expect.stringContaining('take grids') },
      { version: '2', state: 'UNAVAILABLE', reason: expect.stringContaining('take grids') },
    ]);
  });

  it('fills the place of a version that the workers refuse at the start', async () => {
    const notFinite = passThroughModel({ nRx: 2, divideByPilots: true });
    const subject = await start({ rx: { '1': V1, '2': notFinite } }, { maxModelVersions: 1 });
    expect(served(subject)).toEqual(['rx/1']);
  });

  it('answers from the version that is set as default, and keeps it', async () => {
    const tree = { rx: { '1': V1, '2': V2, '3': V2 } };
    const defaultVersions = new Map([['rx', '1']]);
    const subject = await start(tree, { maxModelVersions: 1, defaultVersions });
    expect(served(subject)).toEqual(['rx/1', 'rx/3']);
    expect(subject.model().version).toBe('1');
    expect((await subject.compute(randomRequest(SHAPE, 1))).version).toBe('1');
  });
});

describe('with modelControl poll', () => {
  const POLL = { modelControl: 'poll', modelPollMs: 20 } as const;

  it('follows the folder: new versions, changed files, and those that are gone', async () => {
    const subject = await start({ rx: { '1': V1 } }, POLL);
    await mkdir(join(folder.path, 'rx', '2'));
    await put('2', V2);
    await until(() => served(subject).includes('rx/2'), 'version 2 is not served');
    const { sha256 } = subject.model('rx', '1');
    await put('1', V2);
    await until(() => subject.model('rx', '1').sha256 !== sha256, 'the new file is not served');
    await rm(join(folder.path, 'rx', '1'), { recursive: true });
    await until(() => subject.repository.index().length === 1, 'version 1 is still there');
    expect(served(subject)).toEqual(['rx/2']);
  });

  it('refuses a broken version once, not at every look, and takes the next one', async () => {
    const refused: ModelRefusedEvent[] = [];
    const observer = { modelRefused: (event: ModelRefusedEvent) => void refused.push(event) };
    const subject = await start({ rx: { '1': V1 } }, { ...POLL, observer });
    await mkdir(join(folder.path, 'rx', '2'));
    await put('2', new TextEncoder().encode('garbage'));
    await until(() => refused.length > 0, 'version 2 was not refused');
    await delay(200);
    expect(refused).toMatchObject([{ model: 'rx', version: '2', kind: 'contract', stillServes: false }]);
    await put('2', V2);
    await until(() => served(subject).includes('rx/2'), 'version 2 is not served');
  });

  it('keeps what is served when the folder is empty or gone, and says so once', async () => {
    const reasons: string[] = [];
    const observer = { repositoryUnreadable: ({ reason }: { reason: string }) => void reasons.push(reason) };
    const subject = await start({ rx: { '1': V1 } }, { ...POLL, observer });
    await rename(join(folder.path, 'rx'), `${folder.path}-away`);
    await until(() => reasons.length > 0, 'nothing was said');
    await delay(100);
    expect(reasons).toEqual(['there is no model in the folder']);
    expect(served(subject)).toEqual(['rx/1']);
    await rename(`${folder.path}-away`, join(folder.path, 'rx'));
  });

  it('starts without a model, not ready, and serves what comes', async () => {
    const subject = await start({}, POLL);
    expect(subject.ready).toBe(false);
    await mkdir(join(folder.path, 'rx', '1'), { recursive: true });
    await put('1', V1);
    await until(() => subject.ready, 'the model is not served');
    await subject.compute(randomRequest(SHAPE, 1));
  });
});
