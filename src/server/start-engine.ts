import { prepareEngine, type EngineInternals, type PreparedEngine } from '../engine/engine.js';
import type { EngineObserver } from '../engine/observer.js';
import type { EngineOptions } from '../engine/options.js';
import type { Config } from './config.js';
import { parseDefaultVersions } from './config/models.js';
import type { Logger } from './log.js';
import type { Metrics } from './metrics.js';
import { allObservers } from './telemetry/observers.js';
import type { Tracing } from './telemetry/tracing.js';

interface EngineDeps {
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly tracing: Tracing | undefined;
  /** For tests. */
  readonly internals: EngineInternals | undefined;
}

/** Prepares the engine, which from then on is measured and logged. @throws SpikingRxError as `prepareEngine` does. */
export async function observedEngine(
  config: Config,
  { metrics, log, tracing, internals }: EngineDeps,
): Promise<PreparedEngine> {
  const observer = allObservers(metrics.observer, tracing?.observer, logged(log));
  const prepared = await prepareEngine({ ...engineOptions(config), observer }, internals);
  metrics.watch(prepared.engine);
  const { fallbackReason } = prepared.engine.provider;
  if (fallbackReason !== undefined)
    log.warn({ reason: fallbackReason }, 'provider auto fell back to the CPU');
  return prepared;
}

/** The settings that are the engine's. */
function engineOptions(config: Config): EngineOptions {
  const { modelsDir, modelControl, maxModelBytes, provider, intraOpThreads, maxBatchGrids } = config;
  const { maxBatchResourceElements, maxQueueDelayMs, maxQueuedGrids, maxQueuedBytes } = config;
  const { spikesIdleMs } = config;
  const { workerHeapMb, workerStallMs, defaultModel, maxModelVersions, deviceId, workers } = config;
  return {
    modelsDir,
    modelControl,
    modelPollMs: Math.ceil(config.modelPollSeconds * 1000),
    maxModelBytes,
    defaultVersions: parseDefaultVersions(config.defaultVersions),
    provider,
    workerHeapMb,
    workerStallMs,
    intraOpThreads,
    maxBatchGrids,
    maxBatchResourceElements,
    maxQueueDelayMs,
    maxQueuedGrids,
    maxQueuedBytes,
    spikesIdleMs,
    ...(defaultModel !== undefined && { defaultModel }),
    ...(maxModelVersions !== undefined && { maxModelVersions }),
    ...(deviceId !== undefined && { deviceId }),
    ...(workers !== undefined && { workers }),
  };
}

/** What the operator reads of workers and models. */
function logged(log: Logger): EngineObserver {
  return {
    workerLost: (event) => log.error(event, 'worker lost'),
    workerRestarted: (event) => log.warn(event, 'worker restarted'),
    modelLoaded: (event) => log.info(event, 'model served'),
    modelRefused: (event) =>
      log.error(event, event.stillServes ? 'model refused, the one before it serves on' : 'model refused'),
    modelUnloaded: (event) => log.info(event, 'model unloaded'),
    repositoryUnreadable: (event) => log.error(event, 'models folder not followed: what is served stays'),
  };
}
