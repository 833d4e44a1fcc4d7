import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { WorkerPool } from '#engine/worker-pool.js';

it('a replacement of a worker that ended during the start serves when it is ready, not with the others', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'spikingrx-pool-'));
  process.env['SPIKINGRX_TEST_FOLDER'] = folder;
  const setup = { models: [], provider: 'cpu', deviceId: 0, intraOpThreads: 1, maxBatchGrids: 1 } as const;
  const workerUrl = new URL('./helpers/started-worker.mjs', import.meta.url);
  const pool = new WorkerPool({
    size: 2,
    thread: { workerUrl, setup, heapMb: 64, stallMs: 60_000 },
    observer: {},
    onWorkerReady: () => undefined,
  });
  onTestFinished(async () => {
    await pool.close();
    rmSync(folder, { recursive: true });
  });
  await pool.start();
  expect(pool.liveWorkers).toBe(1);
});
