import { afterAll, expect, test } from 'vitest';
import { runDemo } from '#demo/run.js';
import { demoScenario, drawDemoSlot } from '#demo/scenario.js';
import { simulateInThread } from '#demo/simulator.js';
import { Random } from '#phy/random.js';
import { temporaryModels } from './helpers/model-repository.js';

const models = temporaryModels();
afterAll(() => models.remove());

test('a slot depends on seed and number alone, in the thread and here', async () => {
  const slots = await simulateInThread({ seed: 3, snrDb: 4, slots: 20 });
  const here = drawDemoSlot(demoScenario(4), Random.fromSeed(3).fork('demo').fork(18));
  expect(slots).toHaveLength(20);
  expect(slots[18]).toEqual(here);
  expect(here.shape).toEqual([2, 14, 48]);
});

test('the thread reports what the simulation throws', async () => {
  await expect(simulateInThread({ seed: 1, snrDb: Number.NaN, slots: 1 })).rejects.toThrow('snrDb');
});

test('streams over both transports, counts every slot, and leaves nothing running', async () => {
  const written: string[] = [];
  const options = {
    durationSeconds: 0.5,
    snrDb: 4,
    seed: 1,
    slots: 64,
    inFlight: 8,
    model: undefined,
    serviceFlags: ['--models-dir', models.directory, '--workers', '1'],
    screen: { write: (text: string) => written.push(text) },
    signal: new AbortController().signal,
  };
  let healthz = '';
  let ready = 0;
  const { rows, failures } = await runDemo(options, async ({ baseUrl }) => {
    healthz = `${baseUrl}/healthz`;
    ready = (await fetch(healthz)).status;
  });
  expect(ready).toBe(200);
  await expect(fetch(healthz)).rejects.toThrow('fetch failed');
  expect(failures).toBe(0);
  expect(rows.map(({ name }) => name)).toEqual(['REST', 'gRPC stream']);
  for (const { figures } of rows) {
    expect(figures.slots).toBeGreaterThan(8);
    expect(figures.p99Ms).toBeGreaterThanOrEqual(figures.p50Ms);
    // An untrained network guesses; the conventional receivers do not.
    expect(figures.spikingRx).toBeGreaterThan(0.3);
    expect(figures.lsLmmse).toBeLessThan(0.2);
    expect(figures.perfectCsi).toBeLessThan(figures.lsLmmse);
  }
  expect(written.join('')).toMatch(/DMRS in 1 symbol .*\n.*DMRS in 2 symbols/);
}, 60_000);

test('a service that does not start is an error with its log', async () => {
  const options = {
    durationSeconds: 1,
    snrDb: 4,
    seed: 1,
    slots: 1,
    inFlight: 1,
    model: undefined,
    serviceFlags: ['--models-dir', `${models.directory}/missing`],
    screen: { write: () => undefined },
    signal: new AbortController().signal,
  };
  await expect(runDemo(options)).rejects.toThrow(/did not start:[^]*missing/);
});
