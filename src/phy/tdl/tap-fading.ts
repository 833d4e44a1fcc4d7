import type { Random } from '../random.js';

/**
 * Sinusoids per tap. Complex Gaussian amplitudes make each sample exactly Rayleigh for any number, and
 * one random angle in each of the equal sectors makes the mean autocorrelation exactly J0.
 */
const SINUSOIDS = 16;

/** Doppler shift of the line-of-sight path in units of f_D, TR 38.901 §7.7.2. */
export const LINE_OF_SIGHT_DOPPLER = 0.7;

/**
 * Adds a line: `out[l] += (re + j·im)·e^{j·l·phaseStep}`.
 * @param out `[2, n]` (re plane, im plane).
 */
export function addRotatingPhasor(
  out: Float64Array,
  n: number,
  re: number,
  im: number,
  phaseStep: number,
): void {
  const c = Math.cos(phaseStep);
  const s = Math.sin(phaseStep);
  let x = re;
  let y = im;
  for (let l = 0; l < n; l++) {
    out[l] = (out[l] as number) + x;
    out[n + l] = (out[n + l] as number) + y;
    const next = x * c - y * s;
    y = x * s + y * c;
    x = next;
  }
}

/**
 * Adds a Rayleigh-fading tap with the classical (Jakes) Doppler spectrum, TR 38.901 §7.7.2: a sum of
 * sinusoids at f_D·cos α, α uniform.
 * @param out `[2, nSym]`: the tap's gain at each OFDM symbol.
 * @param power mean power of the tap.
 * @param phaseStep 2π·f_D·T: phase of the largest Doppler shift over one OFDM symbol, radian.
 */
export function addRayleighTap(
  out: Float64Array,
  nSym: number,
  power: number,
  phaseStep: number,
  rng: Random,
): void {
  if (phaseStep === 0) {
    const amplitude = Math.sqrt(power / 2);
    addRotatingPhasor(out, nSym, amplitude * rng.normal(), amplitude * rng.normal(), 0);
    return;
  }
  const amplitude = Math.sqrt(power / (2 * SINUSOIDS));
  const sector = (2 * Math.PI) / SINUSOIDS;
  for (let m = 0; m < SINUSOIDS; m++) {
    const step = phaseStep * Math.cos(sector * (m + rng.uniform()));
    addRotatingPhasor(out, nSym, amplitude * rng.normal(), amplitude * rng.normal(), step);
  }
}

/** Adds the line-of-sight path: constant amplitude, random phase, Doppler shift 0.7·f_D. */
export function addLineOfSight(
  out: Float64Array,
  nSym: number,
  power: number,
  phaseStep: number,
  rng: Random,
): void {
  const phase = 2 * Math.PI * rng.uniform();
  const amplitude = Math.sqrt(power);
  const step = LINE_OF_SIGHT_DOPPLER * phaseStep;
  addRotatingPhasor(out, nSym, amplitude * Math.cos(phase), amplitude * Math.sin(phase), step);
}
