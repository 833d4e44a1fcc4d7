import type { MessagePort } from 'node:worker_threads';
import { SpikingRxError } from '../errors.js';
import { BatchRunner } from './batch-runner.js';
import type { Session, SessionOptions } from './session.js';
import { warmUp } from './warm-up.js';
import type {
  BatchMessage,
  MainMessage,
  RowFailure,
  WorkerMessage,
  WorkerModel,
  WorkerSetup,
} from './worker-protocol.js';

/** Makes a session from model bytes; tests put their own in place of the runtime's. */
export type SessionFactory = (bytes: Uint8Array, options: SessionOptions) => Promise<Session>;

interface ReadyModel {
  readonly model: WorkerModel;
  readonly session: Session;
}

/**
 * The body of a worker thread: loads and warms every model, reports `ready` with the models it had to
 * refuse, then answers batches one after the other. A failing batch is reported and the next one runs.
 */
export async function serveWorker(
  port: Pick<MessagePort, 'on' | 'postMessage' | 'close'>,
  setup: WorkerSetup,
  createSession: SessionFactory,
): Promise<void> {
  const runner = new BatchRunner();
  const ready = new Map<string, ReadyModel>();
  const refused: { key: string; reason: string }[] = [];
  for (const model of setup.models) {
    try {
      ready.set(model.key, await loadModel(model, setup, runner, createSession));
    } catch (error) {
      refused.push({ key: model.key, reason: failureOf(error).message });
    }
  }
  // A session computes on this thread, but `run` starts it in a later turn of the loop: without the chain,
  // two batches that wait in the port would share the runner's buffers.
  let chain: Promise<void> = Promise.resolve();
  port.on('message', (message: MainMessage) => {
    chain = chain.then(async () =>
      message.type === 'stop' ? port.close() : answerBatch(port, ready, runner, message),
    );
  });
  send(port, { type: 'ready', refused });
}

async function loadModel(
  model: WorkerModel,
  setup: WorkerSetup,
  runner: BatchRunner,
  createSession: SessionFactory,
): Promise<ReadyModel> {
  const { provider, deviceId, intraOpThreads, warmUpBatchSizes } = setup;
  // The runtime refuses shared memory, hence the copy; it is dropped once the session exists.
  const bytes = new Uint8Array(model.bytes).slice();
  const session = await createSession(bytes, { provider, deviceId, intraOpThreads });
  await warmUp(runner, session, model, warmUpBatchSizes);
  return { model, session };
}

/** Never rejects: whatever goes wrong is this batch's answer. */
async function answerBatch(
  port: Pick<MessagePort, 'postMessage'>,
  ready: ReadonlyMap<string, ReadyModel>,
  runner: BatchRunner,
  message: BatchMessage,
): Promise<void> {
  const { batchId, modelKey, layout, memory } = message;
  try {
    const entry = ready.get(modelKey);
    if (entry === undefined) throw new SpikingRxError('INTERNAL', `this worker has no model ${modelKey}`);
    const { session, model } = entry;
    const { batched } = model.signature;
    const answer = await runner.run({ ...layout, session, batched, memory });
    send(port, { type: 'done', batchId, ...answer });
  } catch (error) {
    send(port, { type: 'failed', batchId, failure: failureOf(error) });
  }
}

function send(port: Pick<MessagePort, 'postMessage'>, message: WorkerMessage): void {
  // The rows of a batch are views of one buffer.
  const row = message.type === 'done' ? message.rows.find(({ ok }) => ok) : undefined;
  const [tensor] = row?.ok === true ? row.tensors : [];
  port.postMessage(message, tensor ? [tensor.bytes.buffer] : []);
}

function failureOf(error: unknown): RowFailure {
  if (error instanceof SpikingRxError) return { code: error.code, message: error.message };
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) };
}
