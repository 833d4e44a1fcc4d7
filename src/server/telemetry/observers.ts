import type { EngineObserver } from '../../engine/observer.js';

/** Total, so that a new hook cannot be forgotten here. */
const HOOKS: Readonly<Record<keyof EngineObserver, true>> = {
  batchDispatched: true,
  batchCompleted: true,
  gridFinished: true,
  spikesShown: true,
  workerLost: true,
  workerRestarted: true,
  modelLoaded: true,
  modelRefused: true,
  modelUnloaded: true,
  repositoryUnreadable: true,
};

/** One observer that tells all of them, in their order. A hook that only one has is called without a detour. */
export function allObservers(...observers: readonly (EngineObserver | undefined)[]): EngineObserver {
  const entries = (Object.keys(HOOKS) as (keyof EngineObserver)[]).flatMap((hook) => {
    const callbacks = observers.flatMap((observer) => {
      const callback = observer?.[hook] as ((event: unknown) => void) | undefined;
      return callback ? [callback] : [];
    });
    const [first, ...others] = callbacks;
    if (!first) return [];
    const all = (event: unknown): void => {
      for (const callback of callbacks) callback(event);
    };
    return [[hook, others.length === 0 ? first : all]];
  });
  return Object.fromEntries(entries) as EngineObserver;
}
