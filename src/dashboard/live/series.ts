/** What the moving charts draw, out of samples. */
import type { LiveSample } from '../../wire/live.js';

/** Time in milliseconds since 1970, and the value; null where nothing is known. */
export type Point = readonly [at: number, value: number | null];

/** What lies further apart than the period of the later one, and this, has a gap between. Milliseconds. */
const GAP_MS = 1500;

/** Those that end within the window. */
export function inWindow(
  samples: readonly LiveSample[],
  endAt: number,
  windowMs: number,
): readonly LiveSample[] {
  return samples.filter(({ at }) => at > endAt - windowMs && at <= endAt);
}

/** One value of each sample over time, with nulls in the gaps. */
export function pointsOf(
  samples: readonly LiveSample[],
  pick: (sample: LiveSample) => number | undefined,
): readonly Point[] {
  const points: Point[] = [];
  for (const sample of samples) {
    const before = points.at(-1)?.[0];
    if (before !== undefined && sample.at - sample.periodMs - before > GAP_MS)
      points.push([before + 1, null]);
    points.push([sample.at, pick(sample) ?? null]);
  }
  return points;
}

/** Indices of the points that no line reaches, as both neighbours are missing. */
export function isolated(points: readonly Point[]): ReadonlySet<number> {
  const isMissing = (index: number) => (points[index]?.[1] ?? null) === null;
  return new Set(
    points.flatMap((_point, index) =>
      !isMissing(index) && isMissing(index - 1) && isMissing(index + 1) ? [index] : [],
    ),
  );
}

/** Batches of all samples by their grids, from 1 to the largest. */
export function batchCounts(samples: readonly LiveSample[], largest: number): readonly number[] {
  const sizes = samples.flatMap(({ batches }) => Object.entries(batches));
  const last = Math.max(largest, ...sizes.map(([size]) => Number(size)));
  const counts: number[] = Array.from({ length: last }, () => 0);
  for (const [size, count] of sizes) counts[Number(size) - 1] = (counts[Number(size) - 1] ?? 0) + count;
  return counts;
}

/** Mean grids of the batches of one sample, if it has any. */
export function meanBatch({ batches }: LiveSample): number | undefined {
  const entries = Object.entries(batches);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return undefined;
  return entries.reduce((sum, [size, count]) => sum + Number(size) * count, 0) / total;
}

/** The error codes of all samples, the most frequent first. */
export function errorCodes(samples: readonly LiveSample[]): readonly { code: string; count: number }[] {
  const totals = new Map<string, number>();
  for (const { errors } of samples)
    for (const [code, count] of Object.entries(errors)) totals.set(code, (totals.get(code) ?? 0) + count);
  return [...totals]
    .map(([code, count]) => ({ code, count }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || a.code.localeCompare(b.code));
}

/** A count of a sample's period as a rate a second. */
export function perSecond(sample: LiveSample, count: number): number {
  return (1000 * count) / sample.periodMs;
}

export function sumOf(samples: readonly LiveSample[], pick: (sample: LiveSample) => number): number {
  return samples.reduce((sum, sample) => sum + pick(sample), 0);
}
