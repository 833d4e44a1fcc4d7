import { Counter, type CounterConfiguration } from 'prom-client';

/** Counts of one set of labels since the counter was last read. */
export interface Tally {
  count: number;
}

/**
 * A counter of prom-client's that is told of new counts when it is read, once for each set of labels: looking labels up
 * takes longer than all else that is counted of a grid.
 */
export class TalliedCounter<L extends string> {
  readonly #tallies: { readonly labels: Readonly<Record<L, string>>; readonly tally: Tally }[] = [];

  constructor(configuration: CounterConfiguration<L>) {
    const tallies = this.#tallies;
    const registers = configuration.registers ?? [];
    const counter = new Counter<L>({
      ...configuration,
      registers: [],
      collect() {
        for (const { labels, tally } of tallies) {
          this.inc(labels, tally.count);
          tally.count = 0;
        }
      },
    });
    for (const register of registers) register.registerMetric(counter);
  }

  /** To be kept and counted in; 0 is shown from now on. Once for each set of labels. */
  tally(labels: Readonly<Record<L, string>>): Tally {
    const tally = { count: 0 };
    this.#tallies.push({ labels, tally });
    return tally;
  }
}
