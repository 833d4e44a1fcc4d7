/** How long properties are tried: `FC_NUM_RUNS` raises every number of runs to itself, `FC_SEED` repeats a run. */
export function runs(usual: number): { readonly numRuns: number; readonly seed?: number } {
  const { FC_NUM_RUNS, FC_SEED } = process.env;
  const numRuns = Math.max(usual, Number(FC_NUM_RUNS ?? 0));
  return FC_SEED === undefined ? { numRuns } : { numRuns, seed: Number(FC_SEED) };
}
