import { getPriority, setPriority } from 'node:os';

/** Steps of `nice` that a worker stays behind the main thread. */
export const WORKER_NICENESS = 5;
export const MAX_NICENESS = 19;

/**
 * Lowers the scheduling priority of the calling thread. Workers keep every core busy under load; without this the
 * event loop, which must answer health checks and take cancellations then, waits for its share like any of
 * them. Linux only: there priorities belong to threads (setpriority(2) with `who` 0), on other systems the call
 * would slow the whole process down. Where it is not permitted, nothing is lost but the preference.
 */
export function yieldToMainThread(
  options: { readonly by?: number; readonly platform?: NodeJS.Platform } = {},
): void {
  const { by = WORKER_NICENESS, platform = process.platform } = options;
  if (platform !== 'linux') return;
  try {
    setPriority(0, Math.min(MAX_NICENESS, getPriority(0) + by));
  } catch {
    // Sandboxes refuse the call; the workers then run at the priority of the process.
  }
}
