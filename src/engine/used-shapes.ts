import type { UsedShape } from './model-check.js';

const SHAPES_A_MODEL = 8;
/** More symbols than a slot has. */
const KEY_BASE = 2 ** 20;

interface Use extends UsedShape {
  batch: number;
  /** Number of the last use. */
  last: number;
}

/** The shapes that the traffic of each model came in most recently, with the largest batch of each. */
export class UsedShapes {
  private readonly models = new Map<string, Map<number, Use>>();
  private uses = 0;

  note(model: string, { nSym, nSc, batch }: UsedShape): void {
    this.uses += 1;
    const shapes = this.models.get(model) ?? new Map<number, Use>();
    const key = nSc * KEY_BASE + nSym;
    const use = shapes.get(key);
    if (use !== undefined) {
      use.batch = Math.max(use.batch, batch);
      use.last = this.uses;
      return;
    }
    if (shapes.size === SHAPES_A_MODEL) shapes.delete(longestUnused(shapes));
    shapes.set(key, { nSym, nSc, batch, last: this.uses });
    this.models.set(model, shapes);
  }

  /** The one used last comes last. */
  of(model: string): readonly UsedShape[] {
    const uses = [...(this.models.get(model)?.values() ?? [])];
    return uses.toSorted((a, b) => a.last - b.last).map(({ nSym, nSc, batch }) => ({ nSym, nSc, batch }));
  }
}

function longestUnused(shapes: ReadonlyMap<number, Use>): number {
  let longest = { key: Number.NaN, last: Number.POSITIVE_INFINITY };
  for (const [key, { last }] of shapes) if (last < longest.last) longest = { key, last };
  return longest.key;
}
