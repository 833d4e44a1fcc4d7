import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import type { SpikingRxError } from '#errors.js';
import type { RepositoryModel } from '#engine/model-repository.js';
import { SpikesRunner } from '#engine/spikes/runner.js';
import type { LlrRequest } from '#engine/types.js';
import { describeModelFile } from '#onnx/contract.js';
import { randomRequest } from '../helpers/grids.js';
import { spikingRxModel } from '../helpers/models.js';
import { SCRIPT } from '../helpers/scripted.js';

const SHAPE = { nRx: 2, nSym: 2, nSc: 12 };
const folder = mkdtempSync(join(tmpdir(), 'spikingrx-spikes-'));
process.env['SPIKINGRX_TEST_FOLDER'] = folder;
afterAll(() => rmSync(folder, { recursive: true }));

const file = spikingRxModel();
const bytes = new SharedArrayBuffer(file.byteLength);
new Uint8Array(bytes).set(file);
const MODEL: RepositoryModel = {
  ...describeModelFile(file),
  name: 'rx',
  version: '1',
  id: 'rx/1',
  key: 'rx/1#1',
  bytes,
  sha256: 'of-the-file',
  golden: [],
  goldenSha256: undefined,
};

const OPTIONS = {
  workerUrl: new URL('../helpers/scripted-spikes-worker.mjs', import.meta.url),
  heapMb: 64,
  stallMs: 60_000,
  idleMs: 60_000,
};

let runner: SpikesRunner;
beforeEach(() => {
  runner = new SpikesRunner(OPTIONS);
});
afterEach(async () => runner.close());

/** A grid whose run does what `command` says. */
function ask(command: number = SCRIPT.answer, argument = 0, terms: Partial<LlrRequest> = {}) {
  const request = randomRequest(SHAPE, 1, terms);
  request.dmrs.set([command, argument]);
  return runner.compute({ ...request, wanted: { kinds: [], maxBytes: 2 ** 20 } }, MODEL);
}

/** Whether a request is served, or why not. */
const served = async () =>
  ask().then(
    () => 'served',
    ({ message }: SpikingRxError) => message,
  );

let gates = 0;
/** A request that runs until the gate is opened. */
function held(terms: Partial<LlrRequest> = {}) {
  gates += 1;
  const gate = join(folder, `gate-${gates}`);
  return { answer: ask(SCRIPT.waitForGate, gates, terms), open: () => writeFileSync(gate, '') };
}

it('has room for nine, of one client for eight', () => {
  const permits = Array.from({ length: 8 }, () => runner.admit('a'));
  expect(() => runner.admit('a')).toThrow(/^the queue for spikes is full: this client/);
  permits.push(runner.admit('b'));
  expect(runner.requests).toBe(9);
  expect(() => runner.admit('c')).toThrow(
    expect.objectContaining({
      code: 'QUEUE_FULL',
      message: 'the queue for spikes is full: 9 of 9 requests',
      retryAfterMs: expect.any(Number) as number,
    }),
  );
  for (const permit of permits) permit.release();
  expect(runner.requests).toBe(0);
});

it('answers at once who goes away or is too late, and goes on with the others', async () => {
  const running = new AbortController();
  const first = held({ signal: running.signal });
  const waiting = new AbortController();
  const second = ask(SCRIPT.answer, 0, { signal: waiting.signal });
  const third = ask(SCRIPT.answer, 0, { deadlineMs: performance.now() });
  const fourth = ask();
  waiting.abort();
  await expect(second).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(third).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  running.abort();
  await expect(first.answer).rejects.toMatchObject({ code: 'CANCELLED' });
  first.open();
  expect((await fourth).timing.queueMs).toBeGreaterThan(0);
  await expect(ask(SCRIPT.answer, 0, { signal: waiting.signal })).rejects.toMatchObject({
    code: 'CANCELLED',
  });
});

it('takes turns between clients: who asks for much holds nobody up by more than a run', async () => {
  const first = held({ client: 'much' });
  const order: string[] = [];
  const asked = ['much 1', 'much 2', 'other', 'third'].map(async (name) => {
    const [client = ''] = name.split(' ');
    await ask(SCRIPT.answer, 0, { client });
    order.push(name);
  });
  first.open();
  await Promise.all(asked);
  expect(order).toEqual(['other', 'much 1', 'third', 'much 2']);
  await first.answer;
});

it('answers the next request after one that failed, and after one that took the worker with it', async () => {
  await expect(ask(SCRIPT.fail)).rejects.toMatchObject({ code: 'INTERNAL', message: 'scripted failure' });
  await expect(ask(SCRIPT.notFinite)).rejects.toMatchObject({ code: 'INTERNAL' });
  expect((await ask()).timing.loadMs).toBe(0);
  const [died, next] = await Promise.allSettled([ask(SCRIPT.die), ask()]);
  expect(died).toMatchObject({ reason: { code: 'INTERNAL' } });
  expect(next).toMatchObject({ value: { model: 'rx' } });
});

it('gives a run up that does not return, and takes another worker once that one has', async () => {
  await runner.close();
  const options = { ...OPTIONS, stallMs: 100 };
  runner = new SpikesRunner(options);
  const stuck = held();
  await expect(stuck.answer).rejects.toMatchObject({
    code: 'INTERNAL',
    message: expect.stringContaining('within 100 ms') as string,
  });
  options.stallMs = 60_000;
  expect(await served()).toContain('stuck in a run');
  stuck.open();
  await expect.poll(served, { timeout: 10_000 }).toBe('served');
});

it('releases a model when it is told to, in turn', async () => {
  expect((await ask()).timing.loadMs).toBeGreaterThan(0);
  runner.forget('rx/1#0');
  expect((await ask()).timing.loadMs).toBe(0);
  const last = ask();
  runner.forget(MODEL.key);
  expect((await last).timing.loadMs).toBe(0);
  expect((await ask()).timing.loadMs).toBeGreaterThan(0);
});

it('lets a run end when it closes, and answers what waits', async () => {
  const first = held();
  const second = ask();
  const closed = runner.close();
  await expect(second).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  first.open();
  await expect(first.answer).resolves.toMatchObject({ model: 'rx' });
  await closed;
  await expect(ask()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
