import type { Engine } from '../../engine/engine.js';
import type { ModelInfo } from '../../engine/types.js';
import type { LiveService } from '../../wire/live.js';
import { PACKAGE_VERSION } from '../version.js';
import type { LatestAnswer } from './latest.js';

export interface ServiceParts {
  readonly engine: Engine;
  /** Why it is not ready; undefined when it is. */
  readonly unready: string | undefined;
  /** Undefined where it is not kept. */
  readonly latest: LatestAnswer | undefined;
}

/** What of the service changes seldom. */
export function describeService({ engine, unready, latest }: ServiceParts): LiveService {
  const { workers, maxQueuedGrids, maxBatchGrids } = engine.options;
  return {
    version: PACKAGE_VERSION,
    startedAt: Math.round(performance.timeOrigin),
    ready: unready === undefined,
    ...(unready !== undefined && { unready }),
    provider: engine.provider.provider,
    workers,
    limits: { maxQueuedGrids, maxBatchGrids },
    latestRequest: latest !== undefined,
    models: describeModels(engine),
  };
}

/** Every version in the repository, served or not. */
function describeModels(engine: Engine): LiveService['models'] {
  const served = new Map(engine.models().map((model) => [`${model.name}/${model.version}`, model]));
  const byDefault = defaultOf(engine);
  return engine.repository.index().map(({ name, version, state, reason, sha256 }) => {
    const model = served.get(`${name}/${version}`);
    return {
      name,
      version,
      isDefault: name === byDefault?.name && version === byDefault.version,
      state,
      ...(reason !== '' && { reason }),
      ...(sha256 !== undefined && { sha256 }),
      ...(model && shapeOf(model)),
    };
  });
}

/** What a request gets that names neither model nor version; undefined where it would get none. */
function defaultOf(engine: Engine): ModelInfo | undefined {
  try {
    return engine.model();
  } catch {
    return undefined;
  }
}

function shapeOf({ modulation, nRx, config }: ModelInfo) {
  const timeSteps = config?.['timeSteps'];
  return {
    ...(modulation !== undefined && { modulation }),
    ...(nRx !== undefined && { nRx }),
    ...(typeof timeSteps === 'number' && { timeSteps }),
  };
}
