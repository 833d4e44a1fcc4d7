import { invalid } from '../errors.js';

/** Hard decision on `ln P(0)/P(1)`: 0 when the LLR is ≥ 0. Counts the bits that it gets wrong. */
export function bitErrors(llrs: Float32Array, bits: Uint8Array): number {
  if (llrs.length !== bits.length) throw invalid('llrs', `${bits.length} values`, `${llrs.length} values`);
  let errors = 0;
  for (let i = 0; i < bits.length; i++) {
    const decided = (llrs[i] as number) >= 0 ? 0 : 1;
    if (decided !== bits[i]) errors++;
  }
  return errors;
}
