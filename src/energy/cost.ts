/**
 * Energy by counting, an estimate: 45 nm, 0.9 V, float32 (M. Horowitz, "Computing's energy problem (and what we
 * can do about it)", ISSCC 2014): a multiplication 3.7 pJ, an addition 0.9 pJ. Memory and control are left out.
 */
export const PICOJOULES = { multiplyAccumulate: 4.6, accumulate: 0.9, multiplication: 3.7 } as const;

export interface Operations {
  readonly multiplyAccumulates: number;
  readonly accumulates: number;
}

/** pJ. */
export function energyOf({ multiplyAccumulates, accumulates }: Operations): number {
  return multiplyAccumulates * PICOJOULES.multiplyAccumulate + accumulates * PICOJOULES.accumulate;
}
