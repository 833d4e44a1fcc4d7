/**
 * A worker entry for tests of the start of a pool of two: the first thread is ready and ends; the second is ready once
 * the replacement of the first has begun; the replacement never is.
 */
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';

const place = (number) => join(process.env.SPIKINGRX_TEST_FOLDER, `thread-${number}`);

/** Which thread this is, in the order of their beginnings. */
function claim(number = 1) {
  try {
    closeSync(openSync(place(number), 'wx'));
    return number;
  } catch {
    return claim(number + 1);
  }
}

function ready() {
  parentPort.postMessage({ type: 'ready', refused: [] }, []);
}

parentPort.on('message', ({ type }) => {
  if (type === 'stop') parentPort.close();
});
const number = claim();
if (number === 1) {
  ready();
  parentPort.close();
} else if (number === 2) {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (let i = 0; i < 20_000 && !existsSync(place(3)); i += 1) Atomics.wait(sleeper, 0, 0, 1);
  ready();
}
