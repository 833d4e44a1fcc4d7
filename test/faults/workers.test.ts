import { afterEach, describe, expect, test } from 'vitest';
import type { ClientGrid } from '#client/index.js';
import { grid } from '../server/helpers/grids.js';
import {
  expectNothingHeld,
  type FaultyService,
  faultyGrid,
  gridCounts,
  startFaultyService,
  until,
} from './helpers/faults.js';
import { type Others, startOthers } from './helpers/others.js';

let service: FaultyService;
let others: Others;
const start = async (settings: Readonly<Record<string, unknown>> = {}) => {
  service = await startFaultyService(settings);
  others = await startOthers(service);
};
afterEach(async () => service.close());

/** How a call ended, in a word. */
async function told(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'OK',
    (error: unknown) => String((error as { code?: string }).code ?? error),
  );
}

/** How a grid ends over each way in, in words. */
async function outcomes(bad: () => ClientGrid): Promise<string[]> {
  const stream = async (): Promise<void> => {
    for await (const answer of service.grpc.stream([bad()])) if (answer.error) throw answer.error;
  };
  return Promise.all([
    told(service.rest.compute([bad()])),
    told(service.rest.computeJson([bad()])),
    told(service.grpc.compute([bad()])),
    told(stream()),
  ]);
}

/** The others were served throughout, nothing is held, and every grid had one outcome. */
async function expectOnlyTheseFailed(failures: Readonly<Record<string, number>>): Promise<void> {
  await others.more(6);
  await others.stop();
  expect(others.complaints).toEqual([]);
  await expectNothingHeld(service);
  const { OK, ...rest } = await gridCounts(service);
  expect(rest).toEqual(failures);
  expect(OK).toBeGreaterThan(others.answered);
  await until(async () => service.rest.ready(), 'the service is not ready again');
}

describe('a worker that is killed in mid-batch', () => {
  test('once: the client notices nothing, the grid is run again on another worker', async () => {
    await start();
    expect(await outcomes(() => faultyGrid('dieOnce'))).toEqual(['OK', 'OK', 'OK', 'OK']);
    await expectOnlyTheseFailed({});
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(Number(/^spikingrx_workers_lost_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0);
  });

  test('every time it runs a grid: INTERNAL for that grid, and its neighbours are served', async () => {
    await start();
    const neighbours = Array.from({ length: 6 }, (_, i) => grid({ id: `n${i}`, seed: i }));
    const [deadly, served] = await Promise.all([
      outcomes(() => faultyGrid('die')),
      Promise.all(neighbours.map(async (one) => service.grpc.compute([one]))),
    ]);
    expect(deadly).toEqual(['INTERNAL', 'INTERNAL', 'INTERNAL', 'INTERNAL']);
    expect(served.flat()).toHaveLength(6);
    await expectOnlyTheseFailed({ INTERNAL: 4 });
  });

  test('the error says what happened, and no path', async () => {
    await start({ workers: 1 });
    const error = await service.rest.compute([faultyGrid('die')]).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/the engine worker died while it ran this batch, 2 times: .*code 9/);
    expect(String(error)).not.toMatch(/\/|\.js/);
    await expectOnlyTheseFailed({ INTERNAL: 1 });
  });
});

test('a session that throws: INTERNAL for what it throws for, the worker lives on', async () => {
  await start();
  expect(await outcomes(() => faultyGrid('fail'))).toEqual(['INTERNAL', 'INTERNAL', 'INTERNAL', 'INTERNAL']);
  await expectOnlyTheseFailed({ INTERNAL: 4 });
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  expect(metrics).toMatch(/^spikingrx_workers_lost_total 0$/m);
});

describe('a worker that runs out of memory', () => {
  test('once: it is replaced, and the client notices nothing', async () => {
    await start({ workerHeapMb: 32 });
    expect(await outcomes(() => faultyGrid('exhaustOnce'))).toEqual(['OK', 'OK', 'OK', 'OK']);
    await expectOnlyTheseFailed({});
  });

  test('every time: INTERNAL that says so, and the memory of the process comes back', async () => {
    await start({ workerHeapMb: 32 });
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 3; i += 1) {
      const error = await service.grpc.compute([faultyGrid('exhaust')]).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'INTERNAL' });
      expect(String(error)).toMatch(/memory limit/);
    }
    await expectOnlyTheseFailed({ INTERNAL: 3 });
    // Six heaps of 32 MiB and more were filled; what allocators keep is less than half of that.
    expect(process.memoryUsage().rss - before).toBeLessThan(6 * 32 * 2 ** 20);
  });
});

test('a run that does not return: its client is answered in time, others are served, the worker is replaced', async () => {
  await start({ workerStallMs: 1500 });
  const hung = [
    service.rest.compute([faultyGrid('hang', 1)], { timeoutMs: 300 }),
    service.rest.computeJson([faultyGrid('hang', 2)]),
  ].map(async (answer) => answer.catch((error: unknown) => error));
  expect(await hung[0]).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  expect(await hung[1]).toMatchObject({
    code: 'INTERNAL',
    message: expect.stringContaining('did not return within 1500 ms'),
  });
  await until(() => service.server.engine.stats.liveWorkers === 2, 'the workers were not replaced');
  service.openGate(1);
  service.openGate(2);
  await expectOnlyTheseFailed({ DEADLINE_EXCEEDED: 1, INTERNAL: 1 });
});
