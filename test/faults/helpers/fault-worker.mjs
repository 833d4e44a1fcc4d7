/**
 * A worker entry for tests: the engine's own worker loop around the runtime's own sessions, and faults on demand.
 * A grid whose first received sample is a command (see FAULT in faults.ts) brings its fault upon the batch.
 */
import { existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { createSession } from '#engine/session.js';
import { serveWorker } from '#engine/worker-runtime.js';

const folder = process.env.SPIKINGRX_TEST_FOLDER;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** True once for all workers together, for each argument. */
function isFirst(argument) {
  try {
    openSync(join(folder, `once-${argument}`), 'wx');
    return true;
  } catch {
    return false;
  }
}

/** Takes memory until the thread has none left. */
function exhaust() {
  const hoard = [];
  for (;;) hoard.push(Array.from({ length: 10_000 }, (_, i) => ({ i, of: hoard.length })));
}

/** Blocks the thread, as a run that does not return, until the test opens the gate. */
function waitForGate(argument) {
  for (let i = 0; i < 60_000 && !existsSync(join(folder, `gate-${argument}`)); i += 1)
    Atomics.wait(sleeper, 0, 0, 1);
}

const faults = {
  901: () => process.exit(9),
  902: (argument) => isFirst(argument) && process.exit(9),
  903: () => {
    throw new Error('the session failed');
  },
  904: exhaust,
  905: (argument) => isFirst(argument) && exhaust(),
  906: waitForGate,
};

/** Runs the real session, after the faults that grids of the batch ask for. */
function faulty(session) {
  return {
    inputs: session.inputs,
    outputs: session.outputs,
    release: async () => session.release(),
    async run(feeds, fetches) {
      const { data, dims } = feeds.rx_grid;
      const row = data.length / dims[0];
      const plane = dims[2] * dims[3];
      for (let i = 0; i < dims[0]; i += 1) faults[data[i * row]]?.(data[i * row + plane]);
      return session.run(feeds, fetches);
    },
  };
}

await serveWorker(parentPort, workerData, async (bytes, options) =>
  faulty(await createSession(bytes, options)),
);
