import type { Engine } from '../engine/engine.js';
import { together } from '../engine/together.js';
import type { LlrModelInfo, LlrRequest, LlrResult, Priority } from '../engine/types.js';
import { SpikingRxError, invalid } from '../errors.js';
import { checkAnswerSize, checkArraySize } from './answer-size.js';
import type { Capture } from './capture/capture.js';
import type { Config } from './config.js';
import type { Deadlines } from './deadlines.js';
import type { DecodedGrid, GridDecoder } from './decode-grid.js';
import type { DecodeReports } from './decode-reports.js';
import { toSpikingRxError } from './errors.js';
import type { LatestAnswer, LatestGrid } from './live/latest.js';
import type { Metrics, OutcomeCode } from './metrics.js';
import { provenanceOf, type Provenance } from './provenance.js';
import type { Quality } from './quality.js';
import type { SlotClock } from './slot-clock.js';
import type { RequestRecord } from './telemetry/requests.js';
import type { Trace } from './telemetry/tracing.js';
import type { WireGrid } from './wire-grid.js';

export interface GridContext {
  /** The request that the grid came with. */
  readonly record: RequestRecord;
  /** Of this grid alone, on a stream; the request's own when left out. */
  readonly trace?: Trace | undefined;
  readonly model: LlrModelInfo;
  /** Path of the grid in its request. */
  readonly field: string;
  readonly signal: AbortSignal;
  /** Whose grid it is, for fairness. */
  readonly client: string;
  /** Default `normal`. */
  readonly priority?: Priority;
  /** Of the transport, on the `performance.now()` clock. */
  readonly deadlineMs?: number;
  /** When the message was read, on the same clock. */
  readonly receivedMs: number;
  /** Of the stream; the client's own when left out. */
  readonly slotClock?: SlotClock;
}

export interface RequestContext extends Omit<GridContext, 'field'> {
  /** Most LLRs of the answer, where its form bounds them. */
  readonly maxLlrs?: number | undefined;
}

/** LLRs of one grid, how good they are and where they come from. */
export interface GridAnswer {
  readonly result: LlrResult;
  readonly quality: Quality;
  readonly provenance: Provenance;
}

export interface GridServiceParts {
  readonly engine: Engine;
  readonly config: Config;
  readonly metrics: Metrics;
  readonly deadlines: Deadlines;
  readonly reports: DecodeReports;
  readonly capture: Capture | undefined;
  readonly latest: LatestAnswer | undefined;
  readonly decoder: GridDecoder;
}

/** From the grids of a request, as its transport has them, to their LLRs. */
export class GridService {
  constructor(private readonly parts: GridServiceParts) {}

  /**
   * Validates, decodes and computes one grid, and counts how it ended.
   * @param read translates the transport's message; what it throws fails the grid.
   */
  async compute(read: () => WireGrid, context: GridContext): Promise<GridAnswer> {
    try {
      traceAdmission(context);
      const answer = await this.#run(this.#decode(read(), context));
      this.answered(context);
      return answer;
    } catch (error) {
      throw this.#failed(error, context.record);
    }
  }

  /**
   * All grids of one request, or none: the first bad grid fails the request, before any is computed.
   * @throws the first error, which names the grid.
   */
  async computeAll(grids: readonly WireGrid[], context: RequestContext): Promise<readonly GridAnswer[]> {
    try {
      traceAdmission(context);
      checkIds(grids);
      const answers = await together(context.signal, (signal) => {
        const decoded = grids.map((grid, i) =>
          this.#decode(grid, { ...context, field: `grids[${i}]`, signal }),
        );
        this.#checkAnswer(
          decoded.map(({ request }) => request),
          context,
        );
        return decoded.map(async (request) => this.#run(request));
      });
      this.answered(context, answers.length);
      return answers;
    } catch (error) {
      throw this.#failed(error, context.record, grids.length);
    }
  }

  /** Counts grids of a message that have their LLRs. */
  answered({ record, receivedMs }: Pick<GridContext, 'record' | 'receivedMs'>, count = 1): void {
    const { live } = this.parts.metrics;
    if (live) {
      const totalMs = performance.now() - receivedMs;
      for (let grid = 0; grid < count; grid++) live.stage('total', totalMs);
    }
    this.ended(record, 'OK', count);
  }

  /** Counts grids where they end; transports do so for those that never come here. */
  ended(record: RequestRecord, code: OutcomeCode, count = 1): void {
    this.parts.metrics.requests.gridsEnded(record.start.transport, code, count);
    this.parts.metrics.live?.gridsEnded(code, count);
    record.gridsEnded(code, count);
  }

  #checkAnswer(requests: readonly LlrRequest[], { model, maxLlrs }: RequestContext): void {
    if (maxLlrs !== undefined) checkArraySize(requests, model, maxLlrs);
    checkAnswerSize(requests, { model, config: this.parts.config });
  }

  #decode(grid: WireGrid, context: GridContext): Decoded {
    const start = performance.now();
    const trace = traceOf(context);
    const { deadlineMs, urgent } = this.parts.deadlines.of(grid, context);
    const request = this.parts.decoder.decode(grid, {
      model: context.model,
      field: context.field,
      maxPrb: this.parts.config.maxPrb,
      deadlineMs,
      urgent,
      signal: context.signal,
      client: context.client,
      priority: context.priority ?? 'normal',
      watched: trace?.watched,
    });
    const end = performance.now();
    const decodeMs = end - start;
    this.parts.metrics.stage('decode', decodeMs);
    trace?.decoded(request, { startMs: start, endMs: end });
    const { record, receivedMs, model } = context;
    const isCaptured = this.parts.capture?.takes() === true;
    const isKept = isCaptured || this.parts.latest !== undefined;
    const kept = isKept && { grid, model, receivedMs, transport: record.start.transport, isCaptured };
    return { request, decodeMs, provider: model.provider, kept };
  }

  async #run({ request, kept, ...known }: Decoded): Promise<GridAnswer> {
    try {
      const result = await this.parts.engine.compute(request);
      const { meanAbsLlr, saturatedFraction } = result.quality;
      const quality = { meanAbsLlr, saturatedFraction, estimatedSnrDb: request.estimatedSnrDb };
      this.parts.metrics.quality.gridAnswered(result, quality);
      this.parts.reports.answered(request.client ?? '', result, quality);
      const answer = { result, quality, provenance: provenanceOf(result, known) };
      if (kept) this.#keep({ ...kept, answer });
      return answer;
    } finally {
      // The engine needs the request until the answer, and no longer.
      this.parts.decoder.release(request);
    }
  }

  #keep({ isCaptured, ...answered }: Kept & Pick<LatestGrid, 'answer'>): void {
    if (isCaptured) this.parts.capture?.add(answered);
    this.parts.latest?.keep(answered);
  }

  #failed(error: unknown, record: RequestRecord, grids = 1): SpikingRxError {
    const failure = toSpikingRxError(error);
    this.ended(record, failure.code, grids);
    return failure;
  }
}

interface Decoded extends Pick<Provenance, 'decodeMs' | 'provider'> {
  readonly request: DecodedGrid;
  /** What is kept beyond the answer; false where nothing is. */
  readonly kept: Kept | false;
}

interface Kept extends Omit<LatestGrid, 'answer'> {
  readonly isCaptured: boolean;
}

function traceOf({ trace, record }: Pick<RequestContext, 'trace' | 'record'>): Trace | undefined {
  return trace ?? record.trace;
}

/** From the first byte of the request, or of the stream's message, to here. */
function traceAdmission(context: Pick<RequestContext, 'trace' | 'record' | 'receivedMs'>): void {
  const startMs = context.trace ? context.receivedMs : context.record.startMs;
  traceOf(context)?.stage('admission', { startMs, endMs: performance.now() });
}

/** @throws INVALID_ARGUMENT for two grids of one id. */
function checkIds(grids: readonly WireGrid[]): void {
  const seen = new Map<string, number>();
  for (const [i, { id }] of grids.entries()) {
    const before = seen.get(id);
    if (before !== undefined && id !== '')
      throw invalid(`grids[${i}].id`, 'an id of its own', `the id of grids[${before}]`);
    seen.set(id, i);
  }
}

/** @throws INVALID_ARGUMENT for none, PAYLOAD_TOO_LARGE for more than the service takes at once. */
export function checkGridCount(count: number, config: Config): void {
  if (count === 0) throw invalid('grids', 'at least one grid', 'none');
  if (count > config.maxGridsPerRequest)
    throw new SpikingRxError(
      'PAYLOAD_TOO_LARGE',
      `grids: expected at most ${config.maxGridsPerRequest}, received ${count}`,
      { field: 'grids', expected: `at most ${config.maxGridsPerRequest}`, received: String(count) },
    );
}
