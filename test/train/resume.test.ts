import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readModelContract } from '#onnx/contract.js';
import { initialCheckpoint, loadCheckpoint, networkOf } from '#train/checkpoint.js';
import { publishModel } from '#train/publish.js';
import { type TrainingProgress, type TrainingRun, checkpointPath, logPath, runTraining } from '#train/run.js';
import { buildInferenceGraph } from '#nn/service-graph.js';
import { contractFeeds, drawSlots } from '../support/networks.js';
import { outputOf, runGraph, runModel } from '../support/run-graph.js';
import { tinyTraining } from '../support/training.js';

const config = tinyTraining({ network: { trainBeta: true }, optimiser: { steps: 12, batch: 2 } });
let folder: string;
let whole: string;

async function run(directory: string, change: Partial<TrainingRun> = {}): Promise<TrainingProgress[]> {
  const progress: TrainingProgress[] = [];
  await runTraining({
    config,
    configDirectory: folder,
    directory,
    runtime: {},
    checkpointSeconds: 1000,
    logEvery: 1,
    signal: new AbortController().signal,
    onProgress: (p) => progress.push(p),
    ...change,
  });
  return progress;
}

const stateIn = (directory: string): Buffer => readFileSync(checkpointPath(directory));
const logIn = (directory: string): string => readFileSync(logPath(directory), 'utf8');
const stepsIn = (directory: string): number[] =>
  logIn(directory)
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',')[0]));

const firstLoss = (directory: string): number => Number(logIn(directory).split('\n')[1]?.split(',')[1]);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spikingrx-train-'));
  whole = join(folder, 'whole');
  await run(whole);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a training run', () => {
  it('in one go and in three parts through the checkpoint file ends with the same bits and the same log', async () => {
    const parts = join(folder, 'parts');
    await run(parts, { stopAt: 5 });
    expect(loadCheckpoint(checkpointPath(parts)).step).toBe(5);
    expect(stateIn(parts).equals(stateIn(whole))).toBe(false);
    await run(parts, { stopAt: 6 });
    await run(parts);
    expect(stateIn(parts).equals(stateIn(whole))).toBe(true);
    expect(logIn(parts)).toBe(logIn(whole));
  });

  it('that is interrupted keeps what it did, and goes on to the same end', async () => {
    const directory = join(folder, 'interrupted');
    const stop = new AbortController();
    await run(directory, { signal: stop.signal, onProgress: ({ step }) => step === 4 && stop.abort() });
    expect(loadCheckpoint(checkpointPath(directory)).step).toBe(4);
    expect(stepsIn(directory)).toEqual([1, 2, 3, 4]);
    await run(directory);
    expect(stateIn(directory).equals(stateIn(whole))).toBe(true);
    expect(logIn(directory)).toBe(logIn(whole));
  });

  it('logs the steps since the last full line when it is interrupted', async () => {
    const directory = join(folder, 'uneven');
    const progress = await run(directory, { stopAt: 7, logEvery: 5 });
    expect(progress.map(({ step }) => step)).toEqual([5, 7]);
    await run(directory, { logEvery: 5 });
    expect(stepsIn(directory)).toEqual([5, 7, 12]);
  });

  it('that crashed after its last checkpoint drops the log lines it will write again', async () => {
    const directory = join(folder, 'crashed');
    await run(directory, { stopAt: 5 });
    appendFileSync(logPath(directory), '6,9,9,9,9,9,9\n7,9,9,9,9,9,9\n');
    await run(directory);
    expect(logIn(directory)).toBe(logIn(whole));
  });

  it('that was killed while it wrote a line drops the part of it', async () => {
    const directory = join(folder, 'cut');
    await run(directory, { stopAt: 5 });
    // What is left of steps 45 and 12 passes for steps before the checkpoint.
    writeFileSync(logPath(directory), `${logIn(directory)}4\n1`);
    await run(directory);
    expect(logIn(directory)).toBe(logIn(whole));
  });

  it('that is complete runs no step more', async () => {
    const before = stateIn(whole);
    expect(await run(whole)).toEqual([]);
    expect(stateIn(whole).equals(before)).toBe(true);
  });

  it('reports progress with rates, totals and time left', async () => {
    const progress = await run(join(folder, 'progress'), { logEvery: 4 });
    expect(progress.map(({ step, totalSteps }) => [step, totalSteps])).toEqual([
      [4, 12],
      [8, 12],
      [12, 12],
    ]);
    for (const { stepsPerSecond, secondsLeft, step, firingRates } of progress) {
      expect(stepsPerSecond).toBeGreaterThan(0);
      expect(secondsLeft).toBeCloseTo((12 - step) / stepsPerSecond, 6);
      expect(firingRates.length).toBe(2);
    }
  });

  it('starts from the checkpoint that its configuration names, once', async () => {
    const directory = join(folder, 'warm');
    const warm = { ...config, startFrom: join('whole', 'checkpoint.bin') };
    const taken: number[] = [];
    const change = {
      config: warm,
      onWarmStart: (start: { readonly taken: readonly string[] }) => taken.push(start.taken.length),
    };
    await run(directory, { ...change, stopAt: 3 });
    await run(directory, change);
    expect(taken.length).toBe(1);
    expect(loadCheckpoint(checkpointPath(directory)).step).toBe(12);
    expect(firstLoss(directory)).toBeLessThan(firstLoss(whole));
    const lost = { ...config, startFrom: 'nowhere.bin' };
    await expect(run(join(folder, 'lost'), { config: lost })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('refuses a checkpoint of another configuration', async () => {
    const other = tinyTraining({ network: { trainBeta: true }, optimiser: { steps: 13, batch: 2 } });
    await expect(run(whole, { config: other })).rejects.toThrow(
      'expected a checkpoint of this configuration',
    );
  });

  it('refuses a damaged checkpoint and leaves it alone', async () => {
    const directory = join(folder, 'damaged');
    await run(directory, { stopAt: 1 });
    writeFileSync(checkpointPath(directory), stateIn(directory).subarray(0, 500));
    await expect(run(directory)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(stateIn(directory).length).toBe(500);
  });
});

describe('publishing a checkpoint', () => {
  it('writes a model of the contract that computes what the checkpoint’s network does', async () => {
    const checkpoint = loadCheckpoint(checkpointPath(whole));
    const path = await publishModel(checkpoint, join(folder, 'models'));
    expect(path).toBe(join(folder, 'models', 'tiny', '1', 'model.onnx'));
    const bytes = readFileSync(path);
    expect(readModelContract(bytes)).toMatchObject({
      nRx: 1,
      bitsPerSymbol: 2,
      config: { name: 'tiny', version: '1', training: { steps: 12, seed: 3, data: config.data } },
    });
    const feeds = contractFeeds(drawSlots(1, 1, { nRx: 1, nPrb: 1 }));
    const served = outputOf(await runModel(bytes, feeds), 'llr').data;
    const plain = buildInferenceGraph(networkOf(checkpoint), 'plain').g;
    expect(served).toBeAllClose(outputOf(await runGraph(plain, feeds), 'llr').data, { absolute: 1e-4 });
    const untrained = buildInferenceGraph(networkOf(initialCheckpoint(config)), 'plain').g;
    expect(served).not.toBeAllClose(outputOf(await runGraph(untrained, feeds), 'llr').data, {
      absolute: 1e-2,
    });
  });
});
