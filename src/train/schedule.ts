import type { OptimiserConfig } from './config.js';

/** Linear warm-up, then half a cosine down to `finalLearningRateShare` of the peak. @param step from 0 */
export function learningRateAt(
  { learningRate, warmupSteps, steps, finalLearningRateShare }: OptimiserConfig,
  step: number,
): number {
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps));
  const cosine = (1 + Math.cos(Math.PI * progress)) / 2;
  return learningRate * (finalLearningRateShare + (1 - finalLearningRateShare) * cosine);
}
