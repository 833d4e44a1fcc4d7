import type { MessagePort } from 'node:worker_threads';
import { SpikingRxError } from '../errors.js';
import { BatchRunner } from './batch-runner.js';
import { type SessionFactory, type Turn, WorkerModels } from './worker-models.js';
import type {
  BatchMessage,
  MainMessage,
  RefusedInWorker,
  RowFailure,
  WorkerMessage,
  WorkerSetup,
} from './worker-protocol.js';

/**
 * The body of a worker thread: loads and checks every model, reports `ready` with the models it had to
 * refuse, then answers batches one after the other and changes its models when told. A failing batch is
 * reported and the next one runs.
 */
export async function serveWorker(
  port: Pick<MessagePort, 'on' | 'postMessage' | 'close'>,
  setup: WorkerSetup,
  createSession: SessionFactory,
): Promise<void> {
  const runner = new BatchRunner();
  const models = new WorkerModels(setup, runner, createSession);
  const refused: RefusedInWorker[number][] = [];
  for (const model of setup.models) {
    const refusal = await models.load(model, async (work) => work());
    if (refusal !== undefined) refused.push({ key: model.key, ...refusal });
  }
  // A session computes on this thread, but `run` starts it in a later turn of the loop: without the chain,
  // two batches that wait in the port would share the runner's buffers.
  let chain: Promise<unknown> = Promise.resolve();
  const inTurn: Turn = async (work) => {
    const done = chain.then(work);
    chain = done.catch(() => undefined);
    return done;
  };
  port.on('message', (message: MainMessage) => {
    if (message.type === 'load') void load(port, models, message, inTurn);
    else void inTurn(async () => obey(port, models, runner, message));
  });
  send(port, { type: 'ready', refused });
}

async function load(
  port: Pick<MessagePort, 'postMessage'>,
  models: WorkerModels,
  { changeId, model }: Extract<MainMessage, { type: 'load' }>,
  inTurn: Turn,
): Promise<void> {
  const refusal = await models.load(model, inTurn);
  send(port, { type: 'changed', changeId, refusal });
}

async function obey(
  port: Pick<MessagePort, 'postMessage' | 'close'>,
  models: WorkerModels,
  runner: BatchRunner,
  message: Exclude<MainMessage, { type: 'load' }>,
): Promise<void> {
  switch (message.type) {
    case 'batch':
      return answerBatch(port, models, runner, message);
    case 'unload':
      await models.unload(message.key);
      return send(port, { type: 'changed', changeId: message.changeId, refusal: undefined });
    case 'stop':
      return port.close();
    default:
      return message satisfies never;
  }
}

/** Never rejects: whatever goes wrong is this batch's answer. */
async function answerBatch(
  port: Pick<MessagePort, 'postMessage'>,
  models: WorkerModels,
  runner: BatchRunner,
  message: BatchMessage,
): Promise<void> {
  const { batchId, modelKey, layout, memory } = message;
  try {
    const { session, model } = models.get(modelKey);
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
