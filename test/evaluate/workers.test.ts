import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usualCases } from '#evaluate/cases.js';
import { type ChunkRunner, localRunner } from '#evaluate/chunk.js';
import { type EvaluationOptions, evaluateReceivers } from '#evaluate/evaluate.js';
import type { EvaluationPoint } from '#evaluate/point.js';
import { openReceivers, type ReceiverSpec } from '#evaluate/receiver-spec.js';
import { evaluationSettings } from '#evaluate/settings.js';
import { EvaluationStore } from '#evaluate/store.js';
import { workerRunner } from '#evaluate/worker-runner.js';
import { spikingRxModel } from '../engine/helpers/models.js';
import { startTestService, type TestService } from '../server/helpers/service.js';
import { FLAGS, MCS, SCENARIO } from './helpers/setup.js';

const CONVENTIONAL: readonly ReceiverSpec[] = [
  { kind: 'ls-lmmse', name: 'LS + LMMSE' },
  { kind: 'lmmse', name: 'LMMSE + LMMSE' },
  { kind: 'perfect-csi', name: 'perfect CSI' },
];
const MODEL: ReceiverSpec = { kind: 'model', name: 'model', bytes: spikingRxModel({ nRx: 2 }, 2) };
const LINK = { modulation: 'QPSK', nRx: 2, mcs: MCS } as const;

const OPTIONS: Omit<EvaluationOptions, 'runner'> = {
  cases: usualCases(SCENARIO).slice(0, 2),
  snrsDb: [-4, 2],
  link: LINK,
  slots: 70,
  blockErrors: 12,
  seed: 3,
};

async function withRunner<T>(runner: ChunkRunner, use: (runner: ChunkRunner) => Promise<T>): Promise<T> {
  try {
    return await use(runner);
  } finally {
    await runner.close();
  }
}

function evaluateWith(runner: ChunkRunner, options = OPTIONS): Promise<EvaluationPoint[]> {
  return withRunner(runner, (open) => evaluateReceivers({ ...options, runner: open }));
}

describe('worker threads', () => {
  it('give the same points, one or two of them, or none', async () => {
    const specs = [MODEL, ...CONVENTIONAL];
    const local = await evaluateWith(localRunner(await openReceivers(specs)));
    expect(await evaluateWith(await workerRunner(specs, 1))).toEqual(local);
    expect(await evaluateWith(await workerRunner(specs, 2))).toEqual(local);
    expect(local.map(({ slots }) => slots)).not.toEqual([70, 70, 70, 70]);
    expect(local[0]?.receivers.map(({ name }) => name)).toEqual([
      'model',
      ...CONVENTIONAL.map(({ name }) => name),
    ]);
  });

  it('tell why a receiver cannot be opened or fails', async () => {
    const bad: ReceiverSpec = { kind: 'model', name: 'bad', bytes: new Uint8Array(8) };
    await expect(workerRunner([bad, ...CONVENTIONAL], 2)).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
    const wide: ReceiverSpec = { kind: 'model', name: 'wide', bytes: spikingRxModel({ nRx: 4 }, 1) };
    await withRunner(await workerRunner([wide], 2), (runner) =>
      expect(evaluateReceivers({ ...OPTIONS, runner })).rejects.toMatchObject({ code: 'INTERNAL' }),
    );
  });
});

describe('a folder of points', () => {
  const directory = mkdtempSync(join(tmpdir(), 'spikingrx-evaluate-'));
  afterAll(() => rmSync(directory, { recursive: true }));
  const fingerprint = { format: 1, slots: 70, link: LINK };

  async function run(
    name: string,
    signal?: AbortController,
  ): Promise<{ points: EvaluationPoint[]; fresh: number }> {
    const store = EvaluationStore.open(join(directory, name), fingerprint);
    let fresh = 0;
    const points = await withRunner(localRunner(await openReceivers(CONVENTIONAL)), (runner) =>
      evaluateReceivers({
        ...OPTIONS,
        runner,
        kept: store.points,
        ...(signal && { signal: signal.signal }),
        onPoint: (point) => {
          store.add(point);
          fresh++;
          signal?.abort();
        },
      }),
    );
    store.publish(points, 'QPSK');
    return { points, fresh };
  }
  const file = (name: string, path: string) => readFileSync(join(directory, name, path), 'utf8');

  it('is finished by a second run, with the same files as in one go', async () => {
    expect((await run('whole')).fresh).toBe(4);
    const stop = new AbortController();
    expect((await run('parts', stop)).fresh).toBe(1);
    // A line that was cut off counts as not there.
    writeFileSync(join(directory, 'parts', 'points.jsonl'), `${file('parts', 'points.jsonl')}{"case":"DM`);
    expect((await run('parts')).fresh).toBe(3);
    expect((await run('parts')).fresh).toBe(0);
    for (const path of ['points.json', 'points.csv', 'points.jsonl', 'dmrs-2-doppler-0-100-hz-bler.svg'])
      expect(file('parts', path)).toBe(file('whole', path));
  });

  it('refuses another configuration and says what differs', () => {
    expect(() => EvaluationStore.open(join(directory, 'whole'), { ...fingerprint, slots: 71 })).toThrow(
      /--out: .*whole.configuration\.json is of another evaluation; its slots: expected 70, received 71: choose another folder/,
    );
    const wider = { ...fingerprint, link: { modulation: 'QPSK', nRx: 4 } };
    expect(() => EvaluationStore.open(join(directory, 'whole'), wider)).toThrow(
      /its link\.nRx: expected 2, received 4: choose/,
    );
  });

  it('names a line that is no JSON', () => {
    const path = join(directory, 'parts', 'points.jsonl');
    writeFileSync(path, `${file('whole', 'points.jsonl')}nonsense\n`);
    expect(() => EvaluationStore.open(join(directory, 'parts'), fingerprint)).toThrow(
      /points\.jsonl: line 5 is not valid JSON/,
    );
  });
});

describe('a running service', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService({ workers: 1 });
  });
  afterAll(() => service.close());

  it('tells what its model is for', async () => {
    const settings = await evaluationSettings({ ...FLAGS, service: [`${service.target}/random`] });
    expect(settings.receivers).toEqual([
      { kind: 'service', name: `random/2 at ${service.target}`, target: service.target, model: 'random' },
    ]);
    expect(settings.link).toMatchObject({ modulation: 'QPSK', nRx: 2 });
    await expect(evaluationSettings({ ...FLAGS, service: [`${service.target}/none`] })).rejects.toMatchObject(
      { code: 'NOT_FOUND', message: expect.stringContaining('--service') },
    );
  });

  it('gives the figures of the same model from a file', async () => {
    const spec: ReceiverSpec = { kind: 'service', name: 'model', target: service.target, model: 'random' };
    const single = { ...OPTIONS, snrsDb: [2] };
    const answered = await evaluateWith(await workerRunner([spec], 2), single);
    expect(answered).toEqual(await evaluateWith(await workerRunner([MODEL], 2), single));
  });
});
