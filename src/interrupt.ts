/** Ctrl-C and SIGTERM for commands that finish what they are at, and keep it. */

/** Signals this soon after the first are the same one: `timeout`, shells and supervisors also signal the group. */
const SAME_MS = 500;

/** Calls `stop` at the first signal; a later one ends the process at once, as if nobody listened. */
export function onInterrupt(stop: () => void): void {
  let first: number | undefined;
  const listen = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (first === undefined) {
      first = now;
      stop();
    } else if (now - first > SAME_MS) {
      process.off('SIGINT', listen).off('SIGTERM', listen);
      process.kill(process.pid, signal);
    }
  };
  process.on('SIGINT', listen).on('SIGTERM', listen);
}
