/** A point while it is computed: which chunks to hand out, and when it is done. */
import type { Modulation } from '../nr/qam.js';
import { type Chunk, SLOTS_PER_CHUNK } from './chunk.js';
import { type EvaluationPoint, resultOf } from './point.js';
import { emptyTally, mergeTally, type Tally } from './tally.js';

export interface PointTask {
  readonly chunk: Omit<Chunk, 'index' | 'slots'>;
  readonly names: readonly string[];
  /** At most so many slots. */
  readonly slots: number;
  /** Stops when every receiver has so many block errors; never when left out. */
  readonly blockErrors?: number;
}

/**
 * Chunks may be computed in any order and beyond the end: they are merged in order, and those after the
 * stop are dropped. So the result depends on the task alone.
 */
export class PointProgress {
  readonly chunks: number;
  private readonly tallies: readonly Tally[];
  private readonly waiting = new Map<number, readonly Tally[]>();
  private issued = 0;
  private merged = 0;
  private slotsDone = 0;

  constructor(readonly task: PointTask) {
    this.chunks = Math.ceil(task.slots / SLOTS_PER_CHUNK);
    this.tallies = task.names.map(emptyTally);
  }

  get done(): boolean {
    return this.merged === this.chunks || this.errorsMissing() <= 0;
  }

  /** Whether chunks are left to hand out; `surely`: those that the point needs whatever they hold. */
  canIssue(surely: boolean): boolean {
    if (this.done || this.issued === this.chunks) return false;
    // A slot has one block, so a chunk has at most SLOTS_PER_CHUNK errors.
    return !surely || this.issued < this.merged + Math.ceil(this.errorsMissing() / SLOTS_PER_CHUNK);
  }

  issue(): Chunk {
    const index = this.issued++;
    const slots = Math.min(SLOTS_PER_CHUNK, this.task.slots - index * SLOTS_PER_CHUNK);
    return { ...this.task.chunk, index, slots };
  }

  take(index: number, tallies: readonly Tally[]): void {
    this.waiting.set(index, tallies);
    for (let next = this.waiting.get(this.merged); next && !this.done; ) {
      next.forEach((tally, r) => mergeTally(this.tallies[r] as Tally, tally));
      this.waiting.delete(this.merged);
      this.slotsDone = Math.min(this.task.slots, (this.merged + 1) * SLOTS_PER_CHUNK);
      this.merged++;
      next = this.waiting.get(this.merged);
    }
  }

  /** Chunks still to compute, from the errors so far. */
  expectedChunks(): number {
    if (this.done) return 0;
    const { blockErrors } = this.task;
    if (blockErrors === undefined || this.merged === 0) return this.chunks - this.merged;
    const rate = (blockErrors - this.errorsMissing()) / this.merged;
    return Math.min(this.chunks - this.merged, Math.ceil(this.errorsMissing() / rate));
  }

  point(): EvaluationPoint {
    const { chunk, names } = this.task;
    const modulation: Modulation = chunk.link.modulation;
    return {
      case: chunk.evaluation.name,
      snrDb: chunk.snrDb,
      slots: this.slotsDone,
      bits: (this.tallies[0] as Tally).bitErrors.n,
      receivers: names.map((name, r) => resultOf(name, this.tallies[r] as Tally, modulation)),
    };
  }

  /** Block errors that the receiver with the fewest still lacks. */
  private errorsMissing(): number {
    const { blockErrors } = this.task;
    if (blockErrors === undefined) return Number.POSITIVE_INFINITY;
    return blockErrors - Math.min(...this.tallies.map((tally) => tally.blockErrors));
  }
}
