import type { MessagePort } from 'node:worker_threads';
import { SpikingRxError } from '../../errors.js';
import type { createSession } from '../session.js';
import type { SpikesAnswer, SpikesCommand, SpikesModel } from './protocol.js';
import { TappedModel } from './tapped-model.js';
import type { TappedRun } from './types.js';

/** The body of the worker thread for spikes: it holds the model that was asked for last, and computes grid by grid. */
export function serveSpikes(
  port: Pick<MessagePort, 'on' | 'postMessage' | 'close'>,
  create: typeof createSession,
): void {
  const latest = new LatestModel(create);
  // A session's run begins in a later turn of the loop: what comes meanwhile must not release it.
  let chain: Promise<void> = Promise.resolve();
  port.on('message', (command: SpikesCommand) => {
    chain = chain.then(async () => obey(port, latest, command));
  });
}

/** Never rejects: whatever goes wrong is the answer. */
async function obey(
  port: Pick<MessagePort, 'postMessage' | 'close'>,
  latest: LatestModel,
  command: SpikesCommand,
): Promise<void> {
  switch (command.type) {
    case 'run':
      return answer(port, latest, command);
    case 'forget':
      return latest.forget(command.key);
    case 'stop':
      return port.close();
    default:
      return command satisfies never;
  }
}

async function answer(
  port: Pick<MessagePort, 'postMessage'>,
  latest: LatestModel,
  { model, grid }: Extract<SpikesCommand, { type: 'run' }>,
): Promise<void> {
  try {
    const started = performance.now();
    const { tapped, wasThere } = await latest.get(model);
    const loadMs = wasThere ? 0 : performance.now() - started;
    const run: TappedRun = { ...(await tapped.run(grid)), loadMs };
    const message: SpikesAnswer = { type: 'done', run };
    port.postMessage(message, buffersOf(run));
  } catch (error) {
    port.postMessage(failure(error));
  }
}

/** Each has a buffer of its own, which is given away. */
function buffersOf({ layers, llr }: TappedRun): ArrayBuffer[] {
  const views = layers.flatMap(({ counts, spikes, membrane }) => [counts, spikes, membrane]);
  return [llr.bytes, ...views].flatMap((view) => (view === undefined ? [] : [view.buffer]));
}

function failure(error: unknown): SpikesAnswer {
  if (!(error instanceof SpikingRxError)) {
    const message = error instanceof Error ? error.message : String(error);
    return { type: 'failed', code: 'INTERNAL', message, details: {} };
  }
  const { code, message, field, expected, received } = error;
  const details = {
    ...(field !== undefined && { field }),
    ...(expected !== undefined && { expected }),
    ...(received !== undefined && { received }),
  };
  return { type: 'failed', code, message, details };
}

class LatestModel {
  private loaded: { readonly key: string; readonly tapped: TappedModel } | undefined;

  constructor(private readonly create: typeof createSession) {}

  async get({ key, bytes }: SpikesModel): Promise<{ tapped: TappedModel; wasThere: boolean }> {
    if (this.loaded?.key === key) return { tapped: this.loaded.tapped, wasThere: true };
    await this.forget(this.loaded?.key);
    // The runtime refuses shared memory, hence the copy.
    const tapped = await TappedModel.load(new Uint8Array(bytes).slice(), this.create);
    this.loaded = { key, tapped };
    return { tapped, wasThere: false };
  }

  async forget(key: string | undefined): Promise<void> {
    if (this.loaded === undefined || this.loaded.key !== key) return;
    const { tapped } = this.loaded;
    this.loaded = undefined;
    await tapped.release();
  }
}
