import type { Random } from './random.js';

/**
 * N0 for unit-energy data and a channel of unit mean power: `10^(−snrDb/10)`.
 * @param snrDb average received signal energy per RE per antenna over N0, dB.
 */
export function noiseVarianceOf(snrDb: number): number {
  return 10 ** (-snrDb / 10);
}

/** Adds complex white Gaussian noise of variance N0 (N0/2 in each plane) to a planar grid, in place. */
export function addNoise(grid: Float32Array, noiseVariance: number, rng: Random): void {
  const deviation = Math.sqrt(noiseVariance / 2);
  for (let i = 0; i < grid.length; i++) grid[i] = (grid[i] as number) + deviation * rng.normal();
}
