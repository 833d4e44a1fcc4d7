import { LLR_BYTES } from '../engine/llr-format.js';
import type { LlrModelInfo, LlrRequest } from '../engine/types.js';
import { invalid, SpikingRxError } from '../errors.js';
import { maxLlrBytes, type Config } from './config.js';

/**
 * Refuses what cannot be answered before it is computed: small samples bring more LLRs than large ones, so the
 * limit of a request's bytes does not bound those of its answer.
 * @throws PAYLOAD_TOO_LARGE
 */
export function checkAnswerSize(
  requests: readonly LlrRequest[],
  { model, config }: { readonly model: LlrModelInfo; readonly config: Config },
): void {
  const bytes = requests.reduce((sum, one) => sum + llrCount(one, model) * LLR_BYTES[one.format.datatype], 0);
  const limit = maxLlrBytes(config);
  if (bytes <= limit) return;
  const expected = `grids whose LLRs take at most ${limit} bytes (fewer grids, or f16 or i8 LLRs)`;
  const details = { field: 'grids', expected, received: `${bytes} bytes` };
  throw new SpikingRxError(
    'PAYLOAD_TOO_LARGE',
    `grids: expected ${expected}, received ${bytes} bytes`,
    details,
  );
}

/** @throws INVALID_ARGUMENT for more LLRs than are written as JSON numbers. */
export function checkArraySize(requests: readonly LlrRequest[], model: LlrModelInfo, limit: number): void {
  const llrs = requests.reduce((sum, one) => sum + llrCount(one, model), 0);
  if (llrs > limit)
    throw invalid(
      'output.encoding',
      `base64 for more than ${limit} LLRs, or an application/octet-stream request`,
      `array for ${llrs}`,
    );
}

/** At most so many: pilots carry none in the layout `codeword`. */
function llrCount({ shape }: LlrRequest, { bitsPerSymbol }: LlrModelInfo): number {
  return bitsPerSymbol * shape.nSym * shape.nSc;
}
