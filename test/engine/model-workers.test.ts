import { EventEmitter } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { MessagePort } from 'node:worker_threads';
import { afterEach, expect, it } from 'vitest';
import { layOutBatch } from '#engine/batch-layout.js';
import { createEngine } from '#engine/engine.js';
import { llrRow } from '#engine/llr-row.js';
import type { RuntimeTensor, Session } from '#engine/session.js';
import type { MainMessage, WorkerMessage, WorkerModel } from '#engine/worker-protocol.js';
import { serveWorker } from '#engine/worker-runtime.js';
import { describeModelFile } from '#onnx/contract.js';
import { randomRequest } from './helpers/grids.js';
import { modelFolder, passThroughModel, spikingRxModel } from './helpers/models.js';
import {
  SCRIPT,
  type ScriptedEngine,
  scriptedEngine,
  scriptedRequest,
  until,
  valueOf,
} from './helpers/scripted.js';

let scripted: ScriptedEngine | undefined;
afterEach(async () => {
  await scripted?.close();
  scripted = undefined;
});

/** A model file like `passThroughModel()` and yet another one. */
const another = (note: string): Uint8Array => passThroughModel({ metadata: { note } });

async function put({ modelsDir }: ScriptedEngine, version: string, bytes: Uint8Array): Promise<void> {
  await mkdir(join(modelsDir, 'pass', version), { recursive: true });
  await writeFile(join(modelsDir, 'pass', version, 'model.onnx'), bytes);
}

it('a worker that dies after a change comes back with what is served now', async () => {
  scripted = await scriptedEngine({ modelControl: 'explicit' });
  const { engine, record } = scripted;
  await put(scripted, '2', another('two'));
  await engine.repository.load('pass');
  const killed = engine.compute(scriptedRequest(1, { version: '1', command: SCRIPT.dieOnce, argument: 1 }));
  expect(valueOf(await killed)).toBe(1);
  expect(record.restarted).toHaveLength(1);
  expect(valueOf(await engine.compute(scriptedRequest(2, { version: '2' })))).toBe(2);
});

it('a version that ends the worker which loads it is refused, and the rest serves on', async () => {
  scripted = await scriptedEngine({ modelControl: 'explicit', workers: 2 });
  const { engine, record } = scripted;
  await put(scripted, '2', another('die-on-load'));
  await expect(engine.repository.load('pass')).rejects.toMatchObject({
    message: expect.stringMatching(/pass\/2: .*exited with code 9/),
  });
  expect(record.lost).toHaveLength(1); // one worker tried it, the other was spared
  await until(() => engine.stats.liveWorkers === 2, 'the worker was not replaced');
  expect(record.lost).toHaveLength(1); // and its replacement does not try again
  expect(valueOf(await engine.compute(scriptedRequest(3)))).toBe(3);
});

it('a version whose loading does not return is given up: requests that waited for it are answered elsewhere', async () => {
  scripted = await scriptedEngine({ modelControl: 'explicit', workerStallMs: 100 });
  const { engine, record } = scripted;
  await put(scripted, '2', another('hang-on-load'));
  const loading = engine.repository.load('pass').catch(String);
  await until(() => engine.repository.index()[1]?.state === 'LOADING', 'the loading did not begin');
  const answers = [1, 2, 3].map(async (value) => valueOf(await engine.compute(scriptedRequest(value))));
  expect(await loading).toMatch(/pass\/2: a (batch did not return|model was not loaded) within/);
  expect(await Promise.all(answers)).toEqual([1, 2, 3]);
  expect(record.finished.map(({ outcome }) => outcome)).toEqual(['OK', 'OK', 'OK']);
  scripted.openGate(99);
});

it('without requests too', async () => {
  scripted = await scriptedEngine({ modelControl: 'explicit', workerStallMs: 50 });
  await put(scripted, '2', another('hang-on-load'));
  await expect(scripted.engine.repository.load('pass')).rejects.toMatchObject({
    message: expect.stringContaining('pass/2: a model was not loaded within 500 ms'),
  });
  scripted.openGate(99);
});

it('while one worker loads, requests go to the others', async () => {
  scripted = await scriptedEngine({ modelControl: 'explicit', workers: 2 });
  const { engine } = scripted;
  await put(scripted, '2', another('hang-on-load'));
  const loading = engine.repository.load('pass');
  await until(() => scripted?.hangs() === true, 'the loading did not begin');
  for (const value of [1, 2, 3, 4, 5])
    expect(valueOf(await engine.compute(scriptedRequest(value, { version: '1' })))).toBe(value);
  // One sent to the worker that hangs would have been answered after that had made its session.
  expect(scripted.sessions()).toBe(2);
  scripted.openGate(99);
  await loading;
  expect(valueOf(await engine.compute(scriptedRequest(6, { version: '2' })))).toBe(6);
});

it('every session is released: after 30 changes, refused ones too, each worker holds one', async () => {
  scripted = await scriptedEngine({ modelControl: 'explicit', workers: 2 });
  const { engine } = scripted;
  expect(scripted.sessions()).toBe(2);
  const outcomes: string[] = [];
  for (let i = 0; i < 30; i += 1) {
    await put(scripted, '1', another(i % 3 === 0 ? `fail-on-run ${i}` : String(i)));
    const outcome = await engine.repository.load('pass').then(
      () => 'served',
      (error: unknown) => String(error),
    );
    outcomes.push(outcome);
  }
  expect(outcomes.filter((outcome) => outcome === 'served')).toHaveLength(20);
  expect(outcomes.filter((outcome) => outcome.includes('scripted failure'))).toHaveLength(10);
  expect(scripted.sessions()).toBe(2);
  await engine.repository.unload('pass');
  expect(scripted.sessions()).toBe(0);
});

it('a batch that comes while a model is loaded does not wait for all of it', async () => {
  const { signature, contract } = describeModelFile(Buffer.from(passThroughModel()));
  const modelOf = (key: string): WorkerModel => ({
    key,
    bytes: new SharedArrayBuffer(1),
    signature,
    contract,
    golden: [],
    usedShapes: [],
  });
  const session: Session = {
    inputs: [],
    outputs: [],
    run: async (_, { llr }: Record<string, RuntimeTensor>) => {
      if (llr?.type === 'float32') llr.data.fill(1);
      return llr === undefined ? {} : { llr };
    },
    release: async () => undefined,
  };
  const sent: string[] = [];
  const port = Object.assign(new EventEmitter(), {
    postMessage: ({ type }: WorkerMessage) => void sent.push(type),
    close: () => undefined,
  });
  const receive = (message: MainMessage): boolean => port.emit('message', message);
  const setup = {
    models: [modelOf('old')],
    provider: 'cpu',
    deviceId: 0,
    intraOpThreads: 1,
    maxBatchGrids: 4,
  } as const;
  await serveWorker(port as unknown as MessagePort, setup, async () => session);
  receive({ type: 'load', changeId: 1, model: modelOf('new') });
  const layout = layOutBatch(modelOf('old'), [llrRow(scriptedRequest(1), modelOf('old'))]);
  const memory = new SharedArrayBuffer(layout.byteLength);
  receive({ type: 'batch', batchId: 2, modelKey: 'old', layout, memory });
  await until(() => sent.includes('changed'), 'the model was not loaded');
  expect(sent).toEqual(['ready', 'done', 'changed']);
});

/** Resident memory in MiB, once garbage is collected. */
function residentMb(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().rss / 2 ** 20;
}

it('gives the memory of replaced models back', async () => {
  const wide = [1, 2].map((seed) => spikingRxModel({ channels: 64, timeSteps: 4 }, seed));
  const folder = await modelFolder({ rx: { '1': wide[0] as Uint8Array } });
  const options = { modelsDir: folder.path, workers: 1, cores: 1, maxBatchGrids: 2 };
  const engine = await createEngine({ ...options, modelControl: 'explicit' });
  const memory: number[] = [];
  for (let i = 1; i <= 30; i += 1) {
    await writeFile(join(folder.path, 'rx', '1', 'model.onnx'), wide[i % 2] as Uint8Array);
    await engine.repository.load('rx');
    await engine.compute(randomRequest({ nRx: 2, nSym: 14, nSc: 48 }, i));
    memory.push(residentMb());
  }
  await engine.close();
  await folder.remove();
  // The least of ten, because the allocator gives back what it likes when it likes. The worker collects the file's
  // bytes, 1.2 MiB each, when it pleases, at some 64 MiB of them; sessions that stay would be 6 MiB each.
  const early = Math.min(...memory.slice(0, 10));
  const late = Math.min(...memory.slice(20));
  expect(late - early).toBeLessThan(75);
});

it('gives the memory of the models of the start back, too', async () => {
  const small = passThroughModel();
  // Field 15 of a ModelProto is not defined: the runtime passes over it.
  const padded = Buffer.concat([
    small,
    Buffer.from([0x7a, 0x80, 0x80, 0x80, 0x40]),
    Buffer.alloc(2 ** 27, 1),
  ]);
  const folder = await modelFolder({ pass: { '1': padded } });
  const workerUrl = new URL('./helpers/collecting-worker.mjs', import.meta.url);
  const start = async (modelsDir: string) =>
    createEngine({ modelsDir, workers: 1, cores: 1, modelControl: 'explicit' }, { workerUrl });
  const other = await modelFolder({ pass: { '1': small } });
  await (await start(other.path)).close(); // from now on the runtime is in memory
  await other.remove();
  let before = residentMb();
  // Memory goes back to the system a while after it was collected.
  for (let i = 0; i < 10; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    before = Math.min(before, residentMb());
  }
  const engine = await start(folder.path);
  await writeFile(join(folder.path, 'pass', '1', 'model.onnx'), small);
  await engine.repository.load('pass');
  await until(() => residentMb() < before + 64, 'the 128 MiB of the start stayed in memory');
  expect(engine.ready).toBe(true);
  await engine.close();
  await folder.remove();
});
