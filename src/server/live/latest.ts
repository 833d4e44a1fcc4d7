import type { LlrFormat, LlrModelInfo, LlrRequest, LlrResult } from '../../engine/types.js';
import type { LatestRequest } from '../../wire/latest.js';
import type { AnsweredGrid } from '../capture/record.js';
import { GridDecoder } from '../decode-grid.js';
import { llrValues } from '../llr-values.js';

export interface LatestGrid extends AnsweredGrid {
  readonly model: LlrModelInfo;
}

/**
 * The grid that was answered last, kept as it came with the answer as it left: a reference to each, so that keeping it
 * costs no time. It holds the memory of one message and of one batch's LLRs.
 */
export class LatestAnswer {
  readonly #decoder = new GridDecoder();
  #latest: LatestGrid | undefined;

  keep(answered: LatestGrid): void {
    this.#latest = answered;
  }

  /** Decoded anew; undefined where nothing has been answered yet. */
  describe(): LatestRequest | undefined {
    if (!this.#latest) return undefined;
    const { grid, model, receivedMs, transport, answer } = this.#latest;
    const { result, quality, provenance } = answer;
    // It was valid when it came: nothing of it is bounded again.
    const request = this.#decoder.decode(grid, { ...UNBOUNDED, model, field: 'grid' });
    const { decodeMs, queueMs, computeMs, batchSize } = provenance;
    const { estimatedSnrDb, ...known } = quality;
    const described: LatestRequest = {
      receivedAt: Math.round(performance.timeOrigin + receivedMs),
      transport,
      id: result.id,
      model: result.model,
      version: result.version,
      shape: { ...request.shape, bitsPerSymbol: model.bitsPerSymbol },
      rx: base64(request.rxGrid),
      dmrs: base64(request.dmrs),
      dataMask: base64(request.dataMask),
      llr: base64(llrPlanes(result.llr, grid.format, { ...request, ...model })),
      llrDatatype: result.llr.datatype,
      timing: { decodeMs, queueMs, computeMs, batchSize },
      quality: { ...known, ...(estimatedSnrDb !== undefined && { estimatedSnrDb }) },
    };
    this.#decoder.release(request);
    return described;
  }
}

const UNBOUNDED = {
  maxPrb: Infinity,
  deadlineMs: Infinity,
  urgent: false,
  signal: undefined,
  client: '',
  priority: 'normal',
} as const;

function base64({ buffer, byteOffset, byteLength }: Float32Array | Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

/**
 * The inverse of `formatLlr`, as far as its datatype lets it.
 * @returns `[bitsPerSymbol, nSym, nSc]`: ln P(b=0)/P(b=1), zero where there is no data.
 */
export function llrPlanes(
  llr: Pick<LlrResult['llr'], 'datatype' | 'bytes'>,
  format: LlrFormat,
  { dataMask, bitsPerSymbol }: Pick<LlrRequest, 'dataMask'> & Pick<LlrModelInfo, 'bitsPerSymbol'>,
): Float32Array {
  const values = llrValues(llr.datatype, llr.bytes);
  const factor = (format.polarity === 'p0_over_p1' ? 1 : -1) / format.scale;
  const planes = new Float32Array(bitsPerSymbol * dataMask.length);
  let data = 0;
  for (let re = 0; re < dataMask.length; re++) {
    if (dataMask[re] === 0) continue;
    for (let bit = 0; bit < bitsPerSymbol; bit++) {
      const place = bit * dataMask.length + re;
      const index = format.layout === 'grid' ? place : data++;
      planes[place] = values[index]! * factor;
    }
  }
  return planes;
}
