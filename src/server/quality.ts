import type { LlrQuality } from '../engine/llr-quality.js';

/** How good the signal of a grid was, and how sure the receiver. */
export interface Quality extends LlrQuality {
  /** As estimated from the pilots (`SnrEstimator`); undefined where they are too few. */
  readonly estimatedSnrDb: number | undefined;
}

/** As {@link provenanceTexts}, for what the answers are worth; what is not known is left empty. */
export function qualityTexts(answers: readonly Quality[]): Record<string, string> {
  const each = (text: (one: Quality) => string): string => answers.map(text).join(',');
  return {
    'estimated-snr-db': each(({ estimatedSnrDb }) => estimatedSnrDb?.toFixed(1) ?? ''),
    'mean-abs-llr': each(({ meanAbsLlr }) => meanAbsLlr.toFixed(3)),
    'saturated-fraction': each(({ saturatedFraction }) => saturatedFraction.toFixed(4)),
  };
}
