/**
 * The worker for spikes around a session that does what the first pilot value says (see SCRIPT in scripted.ts), and else
 * what it would do anyway.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { createSession } from '#engine/session.js';
import { serveSpikes } from '#engine/spikes/worker-runtime.js';

const folder = process.env.SPIKINGRX_TEST_FOLDER;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread, as a long run does, until the test opens the gate. */
function waitForGate(number) {
  while (!existsSync(join(folder, `gate-${number}`))) Atomics.wait(sleeper, 0, 0, 1);
}

serveSpikes(parentPort, async (...model) => {
  const session = await createSession(...model);
  const run = async (feeds, fetches) => {
    const [command, gate] = feeds.dmrs.data;
    if (command === 2) waitForGate(gate);
    if (command === 3) throw new Error('scripted failure');
    if (command === 4) process.exit(9);
    const outputs = await session.run(feeds, fetches);
    if (command === 6) outputs.llr.data[0] = Number.NaN;
    return outputs;
  };
  return { ...session, inputs: session.inputs, outputs: session.outputs, run, release: () => session.release() };
});
