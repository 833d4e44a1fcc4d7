/** Closed forms that the link is compared with. Independent of src. */

/** Gaussian tail probability Q(x), relative accuracy about 1e-12. */
export function qFunction(x: number): number {
  if (x < 0) return 1 - qFunction(-x);
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x < 3) {
    // Φ(x) = 1/2 + φ(x)·Σ x^(2k+1)/(1·3·…·(2k+1))
    let term = x;
    let sum = x;
    for (let k = 1; k < 100; k++) {
      term *= (x * x) / (2 * k + 1);
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = 0;
  for (let k = 100; k >= 1; k--) fraction = k / (x + fraction);
  return density / (x + fraction);
}

/** Bessel J0 from its integral: the trapezoidal rule converges exponentially. */
export function besselJ0(x: number): number {
  const n = 200;
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.cos(x * Math.sin((Math.PI * (i + 0.5)) / n));
  return sum / n;
}

function gray(i: number): number {
  return i ^ (i >> 1);
}

/**
 * Bit error probability of square Gray QAM in AWGN with nearest-point decisions: exact, by summing the
 * probability of each decision interval on one axis.
 */
export function qamAwgnBer(qm: number, snrDb: number): number {
  const bits = qm / 2;
  const side = 2 ** bits;
  const half = Math.sqrt(3 / (2 * (side * side - 1)));
  const sigma = Math.sqrt(10 ** (-snrDb / 10) / 2);
  const position = (i: number): number => (2 * i - side + 1) * half;
  let errors = 0;
  for (let sent = 0; sent < side; sent++) {
    for (let got = 0; got < side; got++) {
      const low = got === 0 ? Number.NEGATIVE_INFINITY : position(got) - half;
      const high = got === side - 1 ? Number.POSITIVE_INFINITY : position(got) + half;
      const above = (edge: number): number => qFunction((edge - position(sent)) / sigma);
      const upper = Number.isFinite(high) ? above(high) : 0;
      const probability = (Number.isFinite(low) ? above(low) : 1) - upper;
      let different = gray(sent) ^ gray(got);
      let count = 0;
      for (; different > 0; different >>= 1) count += different & 1;
      errors += probability * count;
    }
  }
  return errors / (side * bits);
}

/** QPSK in Rayleigh fading with `branches` antennas and maximum-ratio combining (Proakis, §14.4). */
export function qpskRayleighBer(branches: number, snrDb: number): number {
  const perBit = 10 ** (snrDb / 10) / 2;
  const mu = Math.sqrt(perBit / (1 + perBit));
  let sum = 0;
  let binomial = 1;
  for (let k = 0; k < branches; k++) {
    if (k > 0) binomial *= (branches - 1 + k) / k;
    sum += binomial * ((1 + mu) / 2) ** k;
  }
  return ((1 - mu) / 2) ** branches * sum;
}

/** Standard deviations between a count of errors and a binomial expectation. */
export function binomialDeviations(errors: number, trials: number, probability: number): number {
  return Math.abs(errors - trials * probability) / Math.sqrt(trials * probability * (1 - probability));
}
