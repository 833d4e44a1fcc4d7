/** What a case's curves come down to: the SNR each receiver needs. */
import type { EvaluationPoint, ReceiverResult } from './point.js';

export const TARGET_BLER = 0.1;

export interface RequiredSnr {
  readonly name: string;
  /** Undefined when the curve does not cross the target. */
  readonly snrDb: number | undefined;
}

export interface CaseSummary {
  readonly case: string;
  readonly required: readonly RequiredSnr[];
}

/** Points by case, in the order of the points. */
export function byCase(points: readonly EvaluationPoint[]): Map<string, EvaluationPoint[]> {
  const cases = new Map<string, EvaluationPoint[]>();
  for (const point of points) cases.set(point.case, [...(cases.get(point.case) ?? []), point]);
  return cases;
}

/** One receiver's results over the points of a case, with their SNRs. */
export function curveOf(
  points: readonly EvaluationPoint[],
  name: string,
): (ReceiverResult & { readonly snrDb: number })[] {
  return points.flatMap(({ snrDb, receivers }) =>
    receivers.filter((result) => result.name === name).map((result) => ({ ...result, snrDb })),
  );
}

/** ln BLER; no error counts as half of one. */
function logRate({ blockErrors = 0, blocks = 1 }: ReceiverResult): number {
  return Math.log(Math.max(blockErrors, 0.5) / blocks);
}

/**
 * SNR at which a curve in ascending SNR falls through `bler`: linear in dB and in ln BLER between the two
 * points around the last crossing.
 */
export function snrAtBler(
  curve: readonly (ReceiverResult & { readonly snrDb: number })[],
  bler = TARGET_BLER,
): number | undefined {
  const target = Math.log(bler);
  for (let i = curve.length - 1; i > 0; i--) {
    const [before, after] = [curve[i - 1], curve[i]] as [(typeof curve)[number], (typeof curve)[number]];
    const [high, low] = [logRate(before), logRate(after)];
    if (high < target || low > target || high === low) continue;
    return before.snrDb + ((high - target) / (high - low)) * (after.snrDb - before.snrDb);
  }
  return undefined;
}

export function summarise(points: readonly EvaluationPoint[]): CaseSummary[] {
  return [...byCase(points)]
    .filter(([, rows]) => rows[0]?.receivers[0]?.blocks !== undefined)
    .map(([name, rows]) => ({
      case: name,
      required: (rows[0]?.receivers ?? []).map((receiver) => ({
        name: receiver.name,
        snrDb: snrAtBler(curveOf(rows, receiver.name)),
      })),
    }));
}
