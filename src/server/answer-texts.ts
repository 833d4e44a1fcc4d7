import type { GridAnswer } from './grids.js';
import { provenanceTexts } from './provenance.js';
import { qualityTexts } from './quality.js';

/** What headers and trailers say of the answers of one message, by names without the prefix of either. */
export function answerTexts(answers: readonly GridAnswer[]): Readonly<Record<string, string>> {
  return {
    ...provenanceTexts(answers.map(({ provenance }) => provenance)),
    ...qualityTexts(answers.map(({ quality }) => quality)),
  };
}
