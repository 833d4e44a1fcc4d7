import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientGrid, GrpcLlrClient, RestLlrClient } from '../client/index.js';
import { Random } from '../phy/random.js';
import { drawBenchGrids } from './grids.js';
import type { LoadCommand, LoadFigures, LoadTarget, PoissonLoad, SaturatingLoad } from './load.js';
import { Meter } from './meter.js';

/** Distinct grids that a client goes through over and over. */
const DISTINCT_GRIDS = 64;

/** Plays a client as commanded and says what it saw. */
export async function runLoad(command: LoadCommand): Promise<LoadFigures> {
  const grids = drawBenchGrids(command, DISTINCT_GRIDS);
  const start = performance.now() + 1000 * command.warmUpSeconds;
  const meter = new Meter(start, start + 1000 * command.seconds);
  if (command.kind === 'poisson') await poissonStream(command, grids, meter);
  else if (command.kind === 'rest') await saturateRest(command, grids, meter);
  else await saturateStream(command, grids, meter);
  return meter.figures();
}

/** The next grids of a cycle, under ids that say when they were taken. */
class Cycle {
  #next = 0;
  readonly sentMs = new Map<string, number>();

  constructor(private readonly grids: readonly ClientGrid[]) {}

  take(count: number, sinceMs: number): ClientGrid[] {
    return Array.from({ length: count }, () => {
      const sequence = this.#next++;
      const id = String(sequence);
      this.sentMs.set(id, sinceMs);
      return { ...(this.grids[sequence % this.grids.length] as ClientGrid), id };
    });
  }

  since(id: string): number {
    const since = this.sentMs.get(id) ?? Number.NaN;
    this.sentMs.delete(id);
    return since;
  }
}

type Saturating = LoadTarget & SaturatingLoad;

async function saturateRest(command: Saturating, grids: readonly ClientGrid[], meter: Meter): Promise<void> {
  const { gridsPerMessage, inFlight, model, version } = command;
  const client = new RestLlrClient({ baseUrl: command.address });
  const cycle = new Cycle(grids);
  const sender = async (): Promise<void> => {
    for (let now = performance.now(); now < meter.toMs; now = performance.now()) {
      const answers = await client.compute(cycle.take(gridsPerMessage, now), { model, version });
      const answeredMs = performance.now();
      for (const { id, timing } of answers) meter.answered(cycle.since(id), timing.batchSize, answeredMs);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.max(1, Math.round(inFlight / gridsPerMessage)) }, sender));
  } finally {
    client.close();
  }
}

async function saturateStream(
  command: Saturating,
  grids: readonly ClientGrid[],
  meter: Meter,
): Promise<void> {
  const cycle = new Cycle(grids);
  function* source() {
    for (let now = performance.now(); now < meter.toMs; now = performance.now())
      yield cycle.take(command.gridsPerMessage, now);
  }
  await stream(command, { source: source(), window: command.inFlight, cycle, meter });
}

/** Arrival times are drawn ahead of the clock, so a slow service gets no fewer. */
async function poissonStream(
  command: LoadTarget & PoissonLoad,
  grids: readonly ClientGrid[],
  meter: Meter,
): Promise<void> {
  const random = Random.fromSeed(command.seed).fork('arrivals');
  const cycle = new Cycle(grids);
  async function* source() {
    let due = performance.now();
    while (due < meter.toMs) {
      const wait = due - performance.now();
      if (wait > 0.5) await sleep(wait);
      yield cycle.take(1, due);
      due += (-Math.log(1 - random.uniform()) * 1000) / command.gridsPerSecond;
    }
  }
  await stream(command, { source: source(), window: Number.POSITIVE_INFINITY, cycle, meter });
}

async function stream(
  { address, model, version }: LoadTarget,
  traffic: {
    readonly source: AsyncIterable<readonly ClientGrid[]> | Iterable<readonly ClientGrid[]>;
    readonly window: number;
    readonly cycle: Cycle;
    readonly meter: Meter;
  },
): Promise<void> {
  const { source, window, cycle, meter } = traffic;
  const client = new GrpcLlrClient({ target: address });
  try {
    await client.connect();
    for await (const answer of client.stream(source, { model, version, window })) {
      const since = cycle.since(answer.id);
      if (answer.error) meter.failed();
      else meter.answered(since, answer.timing.batchSize, performance.now());
    }
  } finally {
    client.close();
  }
}
