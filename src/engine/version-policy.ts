import type { VersionFiles } from './model-repository.js';

/** Which of a model's versions are served. */
export interface VersionPolicy {
  /** The highest so many that work; all when undefined. */
  readonly maxModelVersions: number | undefined;
  /** Version of requests that name none, by model: served whatever its place in the order. */
  readonly defaultVersions: ReadonlyMap<string, string>;
}

/**
 * Goes through the versions of one model from the highest down, and decides for each whether it is wanted: a
 * version that does not work leaves its place to the next lower one.
 */
export class VersionChoice {
  private left: number;
  private readonly pinned: string | undefined;

  constructor(policy: VersionPolicy, name: string) {
    this.left = policy.maxModelVersions ?? Number.POSITIVE_INFINITY;
    this.pinned = policy.defaultVersions.get(name);
  }

  wants({ version }: Pick<VersionFiles, 'version'>): boolean {
    return this.left > 0 || version === this.pinned;
  }

  /** A version that was wanted works. */
  took(): void {
    this.left -= 1;
  }
}

/** By model, each from the highest version down. */
export function byModel(versions: readonly VersionFiles[]): ReadonlyMap<string, readonly VersionFiles[]> {
  const models = new Map<string, VersionFiles[]>();
  for (const one of versions) models.set(one.name, [one, ...(models.get(one.name) ?? [])]);
  return models;
}
