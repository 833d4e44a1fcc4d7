const PERIOD_MS = 60_000;

type LogLine = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** At most one line a minute; each says in `suppressed` how many were left out before it. */
export function logRarely(log: LogLine, now: () => number = () => performance.now()): LogLine {
  let nextMs = Number.NEGATIVE_INFINITY;
  let suppressed = 0;
  return (fields, message) => {
    if (now() < nextMs) {
      suppressed++;
      return;
    }
    nextMs = now() + PERIOD_MS;
    log({ ...fields, ...(suppressed > 0 && { suppressed }) }, message);
    suppressed = 0;
  };
}
