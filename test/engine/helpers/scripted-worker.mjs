/**
 * A worker entry for tests: the engine's own worker loop around a session that does what the first row's
 * first pilot value says (see SCRIPT in scripted.ts), so that tests decide when a batch ends and how.
 */
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { serveWorker } from '#engine/worker-runtime.js';

const folder = process.env.SPIKINGRX_TEST_FOLDER;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread, as a long run does, until the test opens the gate. */
function waitForGate(number) {
  const gate = join(folder, `gate-${number}`);
  for (let i = 0; i < 20_000 && !existsSync(gate); i += 1) Atomics.wait(sleeper, 0, 0, 1);
}

/** True once for all workers together. */
function isFirst(number) {
  try {
    openSync(join(folder, `once-${number}`), 'wx');
    return true;
  } catch {
    return false;
  }
}

const session = {
  inputs: [],
  outputs: [],
  async run({ rx_grid: rx, dmrs }, { llr }) {
    const [batch, planes, nSym, nSc] = rx.dims;
    const plane = nSym * nSc;
    const [command, argument] = dmrs.data;
    if (command === 2) waitForGate(argument);
    if (command === 3) throw new Error('scripted failure');
    if (command === 4) process.exit(9);
    if (command === 5 && isFirst(argument)) process.exit(9);
    for (let row = 0; row < batch; row += 1) {
      const signal = rx.data.subarray(row * planes * plane, (row * planes + 1) * plane);
      llr.data.set(signal, row * 2 * plane);
      llr.data.set(signal, (row * 2 + 1) * plane);
      if (dmrs.data[row * 2 * plane] === 6) llr.data[row * 2 * plane] = Number.NaN;
    }
    return { llr };
  },
};

async function fail() {
  throw new Error('scripted failure');
}

let made = 0;
/** A file says that a session is held, so that tests can count them over all workers. */
async function createSession(bytes) {
  if (Buffer.from(bytes).includes('die-on-load')) process.exit(9);
  if (Buffer.from(bytes).includes('hang-on-load')) {
    closeSync(openSync(join(folder, 'hangs'), 'w'));
    waitForGate(99);
  }
  made += 1;
  const held = join(folder, `session-${threadId}-${made}`);
  closeSync(openSync(held, 'wx'));
  const spoiled = Buffer.from(bytes).includes('fail-on-run') ? { run: fail } : {};
  return { ...session, ...spoiled, release: async () => rmSync(held) };
}

await serveWorker(parentPort, workerData, createSession);
