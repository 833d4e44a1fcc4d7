/** A worker entry for tests of memory: the engine's own, which collects its garbage all the time. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
setInterval(() => collect(), 100).unref();
await import('#engine/worker.js');
