/** Thread that computes chunks with receivers of its own: see worker-runner.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { SpikingRxError } from '../errors.js';
import { runChunk } from './chunk.js';
import { openReceivers } from './receiver-spec.js';
import type { Receiver } from './receivers.js';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-protocol.js';

function send(message: FromWorker): void {
  parentPort?.postMessage(message, []);
}

function sendFailure(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  send({ type: 'failed', code: error instanceof SpikingRxError ? error.code : 'INTERNAL', message });
}

async function answer(message: ToWorker, receivers: readonly Receiver[]): Promise<void> {
  if (message.type === 'chunk') {
    send({ type: 'done', tallies: await runChunk(message.chunk, receivers) });
    return;
  }
  for (const receiver of receivers) await receiver.release();
  parentPort?.close();
}

try {
  const receivers = await openReceivers((workerData as WorkerSetup).receivers);
  parentPort?.on('message', (message: ToWorker) => void answer(message, receivers).catch(sendFailure));
  send({ type: 'ready' });
} catch (error) {
  sendFailure(error);
}
