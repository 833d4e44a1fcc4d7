/** Entry of the worker thread that shows spikes. */
import { parentPort } from 'node:worker_threads';
import { createSession } from '../session.js';
import { MAX_NICENESS, yieldToMainThread } from '../thread-priority.js';
import { serveSpikes } from './worker-runtime.js';

if (parentPort === null) throw new Error('src/engine/spikes/worker.ts runs as a worker thread only');
// Behind the workers that serve, too: looking must not slow them down.
yieldToMainThread({ by: MAX_NICENESS });
serveSpikes(parentPort, createSession);
