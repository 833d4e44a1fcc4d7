import { setMaxListeners } from 'node:events';
import { SpikingRxError } from '../errors.js';

/**
 * Waits for parts that are of no use without each other: the first to fail cancels the others, and all have
 * ended when this does.
 * @param start is given the signal that cancels, which follows `outer`.
 * @throws the error that came first, not the CANCELLED that it brought over the others.
 */
export async function together<T>(
  outer: AbortSignal | undefined,
  start: (signal: AbortSignal) => readonly Promise<T>[],
): Promise<readonly T[]> {
  const abort = new AbortController();
  setMaxListeners(0, abort.signal);
  const cancel = (): void => abort.abort();
  if (outer?.aborted === true) cancel();
  outer?.addEventListener('abort', cancel, { once: true });
  try {
    const parts = start(abort.signal);
    for (const part of parts) part.catch(cancel);
    return values(await Promise.allSettled(parts));
  } finally {
    outer?.removeEventListener('abort', cancel);
  }
}

function values<T>(outcomes: readonly PromiseSettledResult<T>[]): readonly T[] {
  const reasons = outcomes.flatMap((one): readonly unknown[] =>
    one.status === 'rejected' ? [one.reason] : [],
  );
  if (reasons.length > 0)
    throw reasons.find((one) => !(one instanceof SpikingRxError) || one.code !== 'CANCELLED') ?? reasons[0];
  return outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}
