/** A thread that plays clients, with a clock of its own: see load.ts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { ClientGrid } from '../client/index.js';
import { SpikingRxError } from '../errors.js';
import { Random } from '../phy/random.js';
import { arrivalTimes } from './arrivals.js';
import { type Clients, openClients } from './clients.js';
import { drawGrids } from './grids.js';
import { Ledger } from './ledger.js';
import type {
  ArriveCommand,
  ClientKind,
  LoadCommand,
  LoadReply,
  LoadSetup,
  Priority,
  SaturateCommand,
} from './load.js';

/** Beyond its own time limit a grid is waited for as long as this; then it is lost. */
const GRACE_MS = 5000;

class LoadThread {
  readonly #grids: readonly ClientGrid[];
  readonly #picks: Random;

  constructor(
    private readonly setup: LoadSetup,
    private readonly clients: Clients,
  ) {
    const { deadlineMs } = setup;
    const limits = deadlineMs === undefined ? {} : { deadlineUs: Math.round(1000 * deadlineMs) };
    this.#grids = drawGrids(setup).map((grid) => ({ ...grid, ...limits }));
    this.#picks = Random.fromSeed(setup.seed).fork(`picks ${setup.index}`);
  }

  async handle(command: LoadCommand): Promise<void> {
    try {
      if (command.type === 'saturate') await this.#saturate(command);
      else if (command.type === 'arrive') await this.#arrive(command);
      else {
        this.clients.close();
        parentPort?.close();
      }
    } catch (error) {
      reply({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
    }
  }

  #pick(): { readonly kind: ClientKind; readonly priority: Priority; readonly grid: number } {
    const { clients, highPriority } = this.setup;
    const kind = clients[this.#picks.integer(clients.length)] as ClientKind;
    const priority = this.#picks.uniform() < highPriority ? 'high' : 'normal';
    return { kind, priority, grid: this.#picks.integer(this.#grids.length) };
  }

  async #saturate({ inFlight, seconds }: SaturateCommand): Promise<void> {
    const fromMs = performance.now();
    const toMs = fromMs + 1000 * seconds;
    const seen = { answers: 0, failures: 0 };
    const client = async (): Promise<void> => {
      while (performance.now() < toMs) {
        const { kind, priority, grid } = this.#pick();
        const answer = this.clients.send[kind](this.#grids[grid] as ClientGrid, priority);
        const ok = await answer.then(
          () => true,
          () => false,
        );
        if (ok && performance.now() < toMs) seen.answers += 1;
        if (!ok) seen.failures += 1;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, client));
    reply({ type: 'saturated', gridsPerSecond: seen.answers / seconds, failures: seen.failures });
  }

  /** Arrivals come at their times, whether or not there have been answers to those before. */
  async #arrive({ arrivals, seconds }: ArriveCommand): Promise<void> {
    const { seed, index, timeoutMs } = this.setup;
    const ledger = new Ledger();
    const startMs = performance.now();
    const ticker = setInterval(() => reply(ledger.interval(second(startMs) - 1)), 1000);
    for (const time of arrivalTimes(arrivals, Random.fromSeed(seed).fork(`arrivals ${index}`))) {
      if (time >= 1000 * seconds) break;
      const dueMs = startMs + time;
      const wait = dueMs - performance.now();
      if (wait > 0.5) await sleep(wait);
      this.#send(ledger, dueMs);
    }
    const giveUpMs = performance.now() + timeoutMs + GRACE_MS;
    while (ledger.outstanding > 0 && performance.now() < giveUpMs) await sleep(10);
    clearInterval(ticker);
    reply(ledger.interval(second(startMs)));
    reply(ledger.report());
  }

  #send(ledger: Ledger, dueMs: number): void {
    const { kind, priority, grid } = this.#pick();
    const number = ledger.sent({ kind, priority, grid, dueMs, sentMs: performance.now() });
    this.clients.send[kind](this.#grids[grid] as ClientGrid, priority).then(
      (answer) => ledger.answered(number, answer),
      (error: unknown) => ledger.failed(number, error instanceof SpikingRxError ? error.code : String(error)),
    );
  }
}

/** Whole seconds since `startMs`. */
function second(startMs: number): number {
  return Math.round((performance.now() - startMs) / 1000);
}

function reply(message: LoadReply): void {
  parentPort?.postMessage(message, []);
}

const setup = workerData as LoadSetup;
try {
  const thread = new LoadThread(setup, await openClients(setup));
  parentPort?.on('message', (command: LoadCommand) => void thread.handle(command));
  reply({ type: 'ready' });
} catch (error) {
  reply({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
}
