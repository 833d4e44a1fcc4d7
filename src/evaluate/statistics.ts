/** Estimates with their 95 % confidence intervals. */

export type Interval = readonly [low: number, high: number];

/** 97.5 % quantile of the standard normal distribution. */
export const Z = 1.959963984540054;

/** Wilson's score interval of a proportion: for independent trials, such as blocks. */
export function wilsonInterval(errors: number, trials: number): Interval {
  if (trials === 0) return [0, 1];
  const p = errors / trials;
  const spread = Z ** 2 / trials;
  const centre = p + spread / 2;
  const half = Z * Math.sqrt((p * (1 - p) + spread / 4) / trials);
  // The ends are exact where rounding would miss them.
  return [
    errors === 0 ? 0 : (centre - half) / (1 + spread),
    errors === trials ? 1 : (centre + half) / (1 + spread),
  ];
}

/**
 * A ratio Σy/Σn over slots, whose bits share a channel and so are not independent. `sums` are those of
 * y, n, y², y·n, n² over `slots`.
 */
export interface RatioSums {
  slots: number;
  y: number;
  n: number;
  yy: number;
  yn: number;
  nn: number;
}

export function emptyRatio(): RatioSums {
  return { slots: 0, y: 0, n: 0, yy: 0, yn: 0, nn: 0 };
}

export function addToRatio(sums: RatioSums, y: number, n: number): void {
  sums.slots += 1;
  sums.y += y;
  sums.n += n;
  sums.yy += y * y;
  sums.yn += y * n;
  sums.nn += n * n;
}

export function mergeRatio(into: RatioSums, other: RatioSums): void {
  for (const key of ['slots', 'y', 'n', 'yy', 'yn', 'nn'] as const) into[key] += other[key];
}

export function ratio({ y, n }: RatioSums): number {
  return y / n;
}

/** Half the width of the normal interval, by the linearised variance of a ratio; 0 for a single slot. */
export function ratioHalfWidth(sums: RatioSums): number {
  const { slots, n, yy, yn, nn } = sums;
  if (slots < 2) return 0;
  const r = ratio(sums);
  const residual = Math.max(0, yy - 2 * r * yn + r * r * nn);
  return (Z * Math.sqrt((residual * slots) / (slots - 1))) / n;
}
