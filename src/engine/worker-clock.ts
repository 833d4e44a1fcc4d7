/** When a worker will be free, from the times expected of the batches in it. All times in milliseconds on one clock. */
export class WorkerClock {
  /** Of the batches in the worker, the running one first. */
  private readonly expectedMs: number[] = [];
  private runningSinceMs = 0;

  /** Not before now: a batch that takes longer than expected is expected to end at once. */
  freeMs(nowMs: number): number {
    const [running, ...behind] = this.expectedMs;
    if (running === undefined) return nowMs;
    return behind.reduce((sum, ms) => sum + ms, Math.max(nowMs, this.runningSinceMs + running));
  }

  batchSent(expectedMs: number, nowMs: number): void {
    if (this.expectedMs.length === 0) this.runningSinceMs = nowMs;
    this.expectedMs.push(expectedMs);
  }

  /** The running batch ended. @returns how long it ran. */
  batchEnded(nowMs: number): number {
    const tookMs = nowMs - this.runningSinceMs;
    this.expectedMs.shift();
    this.runningSinceMs = nowMs;
    return tookMs;
  }
}
