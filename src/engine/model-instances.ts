import type { RepositoryModel } from './model-repository.js';

interface Instance {
  readonly model: RepositoryModel;
  /** Requests that were accepted for it and have no answer yet. */
  pending: number;
  readonly onIdle: (() => void)[];
}

/**
 * Every model that the workers hold, by key: those in the catalog and those on their way out, with the number of
 * requests that still need them.
 */
export class ModelInstances {
  private readonly instances = new Map<string, Instance>();

  add(model: RepositoryModel): void {
    this.instances.set(model.key, { model, pending: 0, onIdle: [] });
  }

  get(key: string): RepositoryModel | undefined {
    return this.instances.get(key)?.model;
  }

  /** A request for this model was accepted. */
  hold(key: string): void {
    const instance = this.instances.get(key);
    if (instance !== undefined) instance.pending += 1;
  }

  /** It has its answer. */
  release(key: string): void {
    const instance = this.instances.get(key);
    if (instance === undefined) return;
    instance.pending -= 1;
    if (instance.pending > 0) return;
    for (const wake of instance.onIdle.splice(0)) wake();
  }

  /** Takes a model out once every request for it has been answered. */
  async remove(key: string): Promise<void> {
    // Again and again: between the last answer and this turn another request may have come.
    for (
      let instance = this.instances.get(key);
      instance !== undefined && instance.pending > 0;
      instance = this.instances.get(key)
    )
      await answered(instance);
    this.instances.delete(key);
  }
}

/** Resolves when no request for this model is left. */
async function answered({ onIdle }: Instance): Promise<void> {
  await new Promise<void>((resolve) => {
    onIdle.push(resolve);
  });
}
