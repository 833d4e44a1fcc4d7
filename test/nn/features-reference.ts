import type { FeatureOptions } from '#nn/features.js';
import { at } from '../support/matchers.js';
import type { Tensor } from '../support/run-graph.js';

interface Complex {
  readonly re: number;
  readonly im: number;
}
/** `[nSym·nSc]` complex. */
type Grid = readonly Complex[];

const ZERO: Complex = { re: 0, im: 0 };
const plus = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
const minus = (a: Complex, b: Complex): Complex => ({ re: a.re - b.re, im: a.im - b.im });
const times = (a: Complex, k: number): Complex => ({ re: a.re * k, im: a.im * k });
/** a·b*. */
const timesConjugate = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re + a.im * b.im,
  im: a.im * b.re - a.re * b.im,
});
const power = (a: Complex): number => a.re ** 2 + a.im ** 2;
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function gridsOf({ data, dims }: Tensor): Grid[] {
  const plane = at(dims, 2) * at(dims, 3);
  return Array.from({ length: data.length / (2 * plane) }, (_, r) =>
    Array.from({ length: plane }, (__, i) => ({
      re: at(data, 2 * r * plane + i),
      im: at(data, (2 * r + 1) * plane + i),
    })),
  );
}

/** Weights of all pilots around each resource element: a triangle in frequency, exponential in time. */
function pilotWeights(
  isPilot: readonly boolean[],
  nSc: number,
  halfWidth: number,
  decay: number,
): number[][] {
  return isPilot.map((_, re) =>
    isPilot.map((pilot, p) => {
      const symbols = Math.abs(Math.floor(re / nSc) - Math.floor(p / nSc));
      const subcarriers = Math.abs((re % nSc) - (p % nSc));
      return pilot ? Math.max(0, 1 - subcarriers / halfWidth) * decay ** symbols : 0;
    }),
  );
}

interface Estimated {
  readonly received: readonly Grid[];
  readonly ls: readonly Grid[];
  readonly isPilot: readonly boolean[];
}

function estimatePlanes({ received, ls, isPilot }: Estimated, weights: readonly number[][]): number[][] {
  const channel = ls.map((grid) =>
    weights.map((row) => {
      const mass = sum(row);
      if (mass === 0) return ZERO;
      return times(grid.map((h, p) => times(h, at(row, p))).reduce(plus), 1 / mass);
    }),
  );
  const cells = isPilot.map((_, i) => i);
  const gain = cells.map((i) => sum(channel.map((h) => power(at(h, i)))));
  const matched = cells.map((i) =>
    channel.map((h, r) => timesConjugate(at(at(received, r), i), at(h, i))).reduce(plus, ZERO),
  );
  const pilots = cells.filter((i) => at(isPilot, i));
  const residuals = pilots.flatMap((i) => channel.map((h, r) => power(minus(at(at(ls, r), i), at(h, i)))));
  const noise = sum(residuals) / residuals.length;
  const limited = (x: number): number => Math.max(-10, Math.min(10, x / (noise + 1e-3))) / 10;
  const normalised = (x: number, i: number): number => x / Math.sqrt(at(gain, i) + 1e-3);
  return [
    ...channel.flatMap((h) => [h.map(({ re }) => re), h.map(({ im }) => im)]),
    matched.map(({ re }, i) => normalised(re, i)),
    matched.map(({ im }, i) => normalised(im, i)),
    matched.map(({ re }) => limited(re)),
    matched.map(({ im }) => limited(im)),
    gain.map(Math.sqrt),
    cells.map(() => (noise - 0.05) / (noise + 0.05)),
  ];
}

/**
 * The features of one grid in plain complex arithmetic, double precision.
 * @param rx `[1, 2·nRx, nSym, nSc]` @param dmrs `[1, 2, nSym, nSc]` @returns planes, each `[nSym·nSc]`
 */
export function featuresReference(rx: Tensor, dmrs: Tensor, options: FeatureOptions): number[][] {
  const raw = gridsOf(rx);
  const [pilotGrid = []] = gridsOf(dmrs);
  const meanPower = sum(raw.flat().map(power)) / (raw.length * pilotGrid.length);
  const received = raw.map((grid) => grid.map((y) => times(y, 1 / Math.sqrt(meanPower))));
  const isPilot = pilotGrid.map((p) => power(p) > 0);
  const ls = received.map((grid) =>
    grid.map((y, i) => {
      const pilot = at(pilotGrid, i);
      return at(isPilot, i) ? times(timesConjugate(y, pilot), 1 / power(pilot)) : ZERO;
    }),
  );
  const weights = options.frequencyHalfWidths.map((halfWidth) =>
    pilotWeights(isPilot, at(rx.dims, 3), halfWidth, options.timeDecay),
  );
  return [
    ...received.flatMap((grid) => [grid.map(({ re }) => re), grid.map(({ im }) => im)]),
    isPilot.map(Number),
    at(weights, 0).map(sum),
    ...weights.flatMap((w) => estimatePlanes({ received, ls, isPilot }, w)),
  ];
}
