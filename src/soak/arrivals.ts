/** When grids arrive: seeded, ascending times in milliseconds from the start, without an end. */
import type { Random } from '../phy/random.js';

/** Independent arrivals at a mean rate. */
export interface PoissonArrivals {
  readonly kind: 'poisson';
  readonly gridsPerSecond: number;
}

/** Cells that each send a grid every `everySlots` slots of 1 ms / 2^numerology. */
export interface SlotArrivals {
  readonly kind: 'slots';
  /** µ of TS 38.211 §4.2: 0 to 4. */
  readonly numerology: number;
  readonly cells: number;
  readonly everySlots: number;
  /** Each grid comes up to so much after its slot, uniformly. */
  readonly jitterMs: number;
  /** `aligned`: all cells at once, as base stations of one clock do. `spread`: each at a time of its own. */
  readonly phase: 'aligned' | 'spread';
}

export type Arrivals = PoissonArrivals | SlotArrivals;

/** Milliseconds between two grids of a cell. */
export function periodMs({
  numerology,
  everySlots,
}: Pick<SlotArrivals, 'numerology' | 'everySlots'>): number {
  return everySlots / 2 ** numerology;
}

export function gridsPerSecond(arrivals: Arrivals): number {
  if (arrivals.kind === 'poisson') return arrivals.gridsPerSecond;
  return (1000 * arrivals.cells) / periodMs(arrivals);
}

export function arrivalTimes(arrivals: Arrivals, random: Random): Generator<number, never> {
  return arrivals.kind === 'poisson' ? poisson(arrivals, random) : slots(arrivals, random);
}

function* poisson(arrivals: PoissonArrivals, random: Random): Generator<number, never> {
  for (let time = 0; ; ) {
    time += (-Math.log(1 - random.uniform()) * 1000) / arrivals.gridsPerSecond;
    yield time;
  }
}

function* slots(arrivals: SlotArrivals, random: Random): Generator<number, never> {
  const period = periodMs(arrivals);
  const phases = Array.from({ length: arrivals.cells }, () =>
    arrivals.phase === 'aligned' ? 0 : random.uniform() * period,
  );
  let waiting: number[] = [];
  for (let start = 0; ; start += period) {
    for (const phase of phases) waiting.push(start + phase + random.uniform() * arrivals.jitterMs);
    waiting.sort((a, b) => a - b);
    // Later periods bring nothing before their own start.
    const certain = waiting.filter((time) => time < start + period);
    waiting = waiting.slice(certain.length);
    yield* certain;
  }
}

/** The share of a process: so many of them together make up `arrivals`. */
export function shareOf(arrivals: Arrivals, index: number, count: number): Arrivals {
  if (arrivals.kind === 'poisson') return { ...arrivals, gridsPerSecond: arrivals.gridsPerSecond / count };
  const cells = Math.floor(arrivals.cells / count) + Number(index < arrivals.cells % count);
  return { ...arrivals, cells };
}
