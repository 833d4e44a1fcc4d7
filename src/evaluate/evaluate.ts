/** Bit errors, block errors and GMI over SNR: every receiver on the same slots. */
import type { EvaluationCase } from './cases.js';
import type { ChunkRunner } from './chunk.js';
import type { LinkConfig } from './link.js';
import type { EvaluationPoint } from './point.js';
import { PointProgress } from './point-progress.js';

export interface EvaluationOptions {
  readonly runner: ChunkRunner;
  readonly cases: readonly EvaluationCase[];
  readonly snrsDb: readonly number[];
  readonly link: LinkConfig;
  /** Most slots of a point. */
  readonly slots: number;
  /** A point of a coded link ends when every receiver has so many block errors. */
  readonly blockErrors?: number;
  readonly seed: number;
  /** Points that are known already: they are not computed again. */
  readonly kept?: readonly EvaluationPoint[];
  readonly onPoint?: (point: EvaluationPoint) => void;
  readonly onProgress?: (progress: EvaluationProgress) => void;
  /** Ends the evaluation after the chunks that run; points not complete are lost. */
  readonly signal?: AbortSignal;
}

export interface EvaluationProgress {
  readonly points: number;
  readonly pointsDone: number;
  readonly chunksDone: number;
  /** At most so many, more likely fewer: points stop early. */
  readonly chunksLeft: number;
}

function unfinished(options: EvaluationOptions): PointProgress[] {
  const { cases, snrsDb, link, seed, slots, blockErrors, runner, kept = [] } = options;
  const known = new Set(kept.map((point) => `${point.snrDb} ${point.case}`));
  return cases.flatMap((evaluation) =>
    snrsDb
      .filter((snrDb) => !known.has(`${snrDb} ${evaluation.name}`))
      .map(
        (snrDb) =>
          new PointProgress({
            chunk: { evaluation, snrDb, link, seed },
            names: runner.names,
            slots,
            ...(link.mcs !== undefined && blockErrors !== undefined && { blockErrors }),
          }),
      ),
  );
}

/**
 * Computes all points.
 * @returns those of `kept` and the new ones, by case and SNR. The same for any runner.
 */
export async function evaluateReceivers(options: EvaluationOptions): Promise<EvaluationPoint[]> {
  const open = unfinished(options);
  const points = [...(options.kept ?? [])];
  const state = { total: points.length + open.length, chunksDone: 0, failed: false };
  const finish = (progress: PointProgress): void => {
    open.splice(open.indexOf(progress), 1);
    const point = progress.point();
    points.push(point);
    options.onPoint?.(point);
  };
  const lane = async (): Promise<void> => {
    while (!state.failed && !options.signal?.aborted) {
      // First what is needed in any case, then what may turn out to be beyond a point's end.
      const next = open.find((p) => p.canIssue(true)) ?? open.find((p) => p.canIssue(false));
      if (next === undefined) return;
      const chunk = next.issue();
      next.take(chunk.index, await options.runner.run(chunk));
      state.chunksDone++;
      if (next.done && open.includes(next)) finish(next);
      options.onProgress?.({
        points: state.total,
        pointsDone: points.length,
        chunksDone: state.chunksDone,
        chunksLeft: open.reduce((sum, p) => sum + p.expectedChunks(), 0),
      });
    }
  };
  const guarded = () =>
    lane().catch((error: unknown) => {
      state.failed = true;
      throw error;
    });
  const outcomes = await Promise.allSettled(Array.from({ length: options.runner.capacity }, guarded));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
  return inOrder(points, options.cases);
}

/** By case, then by SNR. */
export function inOrder(
  points: readonly EvaluationPoint[],
  cases: readonly Pick<EvaluationCase, 'name'>[],
): EvaluationPoint[] {
  const position = (point: EvaluationPoint) => cases.findIndex(({ name }) => name === point.case);
  return points.toSorted((a, b) => position(a) - position(b) || a.snrDb - b.snrDb);
}
