import { Worker } from 'node:worker_threads';
import { SpikingRxError } from '../errors.js';
import { type Arrivals, shareOf } from './arrivals.js';
import type { IntervalReport, LoadCommand, LoadReply, LoadReport, LoadSetup } from './load.js';

/** Threads that play the clients, apart from the coordinator and from each other. */
export class LoadThreads {
  private constructor(private readonly threads: readonly Worker[]) {}

  /** Resolves when every client is connected. */
  static async start(setup: Omit<LoadSetup, 'index'>, count: number): Promise<LoadThreads> {
    const url = new URL('./load-thread.js', import.meta.url);
    const threads = Array.from(
      { length: count },
      (_, index) => new Worker(url, { workerData: { ...setup, index } satisfies LoadSetup }),
    );
    const loaders = new LoadThreads(threads);
    try {
      await Promise.all(threads.map(async (thread) => reported(thread, 'ready')));
    } catch (error) {
      await loaders.close();
      throw error;
    }
    return loaders;
  }

  /** @returns grids answered in a second with `inFlight` of them unanswered all the time, over all threads. */
  async saturate(inFlight: number, seconds: number): Promise<number> {
    const share = Math.ceil(inFlight / this.threads.length);
    const rates = this.threads.map(async (thread) => {
      send(thread, { type: 'saturate', inFlight: share, seconds });
      return reported(thread, 'saturated');
    });
    return (await Promise.all(rates)).reduce((sum, { gridsPerSecond }) => sum + gridsPerSecond, 0);
  }

  /** Resolves when the arrivals are over and no answer is waited for any more. */
  async arrive(
    arrivals: Arrivals,
    seconds: number,
    onInterval: (report: IntervalReport) => void,
  ): Promise<readonly LoadReport[]> {
    const runs = this.threads.map(async (thread, index) => {
      const own = shareOf(arrivals, index, this.threads.length);
      send(thread, { type: 'arrive', arrivals: own, seconds });
      return reported(thread, 'done', onInterval);
    });
    return Promise.all(runs);
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map(async (thread) => thread.terminate()));
  }
}

function send(thread: Worker, command: LoadCommand): void {
  thread.postMessage(command, []);
}

type Reply<T extends LoadReply['type']> = Extract<LoadReply, { readonly type: T }>;

/** The next message of a type. @throws INTERNAL when the thread fails or ends before it. */
async function reported<T extends LoadReply['type']>(
  thread: Worker,
  type: T,
  onInterval: (report: IntervalReport) => void = () => undefined,
): Promise<Reply<T>> {
  return new Promise<Reply<T>>((resolve, reject) => {
    const over = (): void => {
      thread.off('message', onMessage).off('error', onError).off('exit', onExit);
    };
    const fail = (reason: string): void => {
      over();
      reject(new SpikingRxError('INTERNAL', `load thread: ${reason}`));
    };
    const onMessage = (message: LoadReply): void => {
      if (message.type === 'interval') onInterval(message);
      if (message.type === 'failed') fail(message.message);
      if (message.type !== type) return;
      over();
      resolve(message as Reply<T>);
    };
    const onError = (error: unknown): void => fail(String(error));
    const onExit = (): void => fail('it ended');
    thread.on('message', onMessage).on('error', onError).on('exit', onExit);
  });
}
