/** Entry of an engine worker thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { yieldToMainThread } from './thread-priority.js';
import { createSession } from './session.js';
import type { WorkerSetup } from './worker-protocol.js';
import { serveWorker } from './worker-runtime.js';

if (parentPort === null) throw new Error('src/engine/worker.ts runs as a worker thread only');
yieldToMainThread();
await serveWorker(parentPort, workerData as WorkerSetup, createSession);
// It lives as long as the thread, and must not hold on to models that are released later.
Object.assign(workerData as WorkerSetup, { models: [] });
