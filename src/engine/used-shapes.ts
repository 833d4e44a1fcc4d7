import type { UsedShape } from './model-check.js';

const SHAPES_A_MODEL = 8;
/** More symbols than a slot has. */
const KEY_BASE = 2 ** 20;

/** The shapes that the traffic of each model came in most recently, with the largest batch of each. */
export class UsedShapes {
  private readonly models = new Map<string, Map<number, UsedShape>>();

  note(model: string, { nSym, nSc, batch }: UsedShape): void {
    const shapes = this.models.get(model) ?? new Map<number, UsedShape>();
    this.models.set(model, shapes);
    const key = nSc * KEY_BASE + nSym;
    const before = shapes.get(key);
    // Taken out and put in again: insertion order is the order of use.
    shapes.delete(key);
    shapes.set(key, before !== undefined && before.batch >= batch ? before : { nSym, nSc, batch });
    if (shapes.size > SHAPES_A_MODEL) for (const oldest of shapes.keys()) return void shapes.delete(oldest);
  }

  of(model: string): readonly UsedShape[] {
    return [...(this.models.get(model)?.values() ?? [])];
  }
}
