/** More model versions than this in the life of a process share one pair of labels. */
const MAX_PAIRS = 100;
const OTHER = { model: 'other', version: 'other' } as const;

export interface ModelLabels {
  readonly model: string;
  readonly version: string;
}

/**
 * Labels of model versions. Names come from the repository, never from clients; the number of pairs is bounded
 * all the same, because models may be loaded and unloaded for as long as the process lives.
 */
export class BoundedModelLabels {
  readonly #known = new Map<string, ModelLabels>();

  of(model: string, version: string): ModelLabels {
    const key = `${model}/${version}`;
    const known = this.#known.get(key);
    if (known) return known;
    if (this.#known.size >= MAX_PAIRS) return OTHER;
    const labels = { model, version };
    this.#known.set(key, labels);
    return labels;
  }
}
