import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Reads a small file as text, or undefined when it is not there. */
export type ReadText = (path: string) => string | undefined;

const readText: ReadText = (path) => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
};

/**
 * CPU quota of the cgroup this process runs in, in cores (may be fractional); undefined when unlimited.
 * Version 2 (`cpu.max`: "quota period" or "max period") first, then version 1 (`cpu.cfs_quota_us`).
 */
export function cgroupCpuQuota(read: ReadText = readText): number | undefined {
  const [quotaV2, periodV2] = (read('/sys/fs/cgroup/cpu.max') ?? '').split(/\s+/);
  const v2 = ratio(quotaV2, periodV2);
  if (v2 !== undefined) return v2;
  return ratio(read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'), read('/sys/fs/cgroup/cpu/cpu.cfs_period_us'));
}

/**
 * Whole cores this process can keep busy: the smaller of the scheduler's affinity and the cgroup quota.
 * A fraction is rounded down, because a thread beyond the quota gets all threads throttled; at least 1.
 */
export function availableCores(read: ReadText = readText, parallelism = availableParallelism()): number {
  const quota = cgroupCpuQuota(read) ?? Number.POSITIVE_INFINITY;
  return Math.max(1, Math.floor(Math.min(parallelism, quota)));
}

function ratio(quota: string | undefined, period: string | undefined): number | undefined {
  const quotaMicroseconds = Number(quota);
  const periodMicroseconds = Number(period);
  const usable = quotaMicroseconds > 0 && periodMicroseconds > 0; // "max", -1 and absence are all unusable
  return usable ? quotaMicroseconds / periodMicroseconds : undefined;
}
