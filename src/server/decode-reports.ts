import type { LlrResult } from '../engine/types.js';
import { invalid, SpikingRxError } from '../errors.js';
import { withoutStream } from './client-key.js';
import type { Config } from './config.js';
import { checkId } from './decode-grid.js';
import type { DecodingMetrics } from './metrics/decoding.js';
import type { Quality } from './quality.js';
import { RecentAnswers } from './recent-answers.js';

/** Most reports of one call. */
export const MAX_REPORTS = 1024;

/** Whether what was decoded from one grid's LLRs passed its check. */
export interface DecodeReport {
  readonly id: string;
  readonly crcOk: boolean;
}

/** How many reports of a call were counted, and why the others were not. */
export interface ReportTally {
  readonly matched: number;
  readonly unknown: number;
  readonly duplicate: number;
}

/**
 * Which model answered which grid of late, so that a decoder's results can be counted by model version and SNR. Ids
 * are unique for their client only: the principal, or the machine that he calls from, whatever stream or connection
 * the grid came on, because the decoder reports on another. What is remembered is bounded in number and time.
 */
export class DecodeReports {
  readonly #answered: RecentAnswers | undefined;

  constructor(
    config: Pick<Config, 'maxReportableGrids' | 'reportWindowMs'>,
    private readonly metrics: DecodingMetrics,
  ) {
    const { maxReportableGrids, reportWindowMs } = config;
    if (maxReportableGrids > 0) this.#answered = new RecentAnswers(maxReportableGrids, reportWindowMs);
  }

  /** A grid has its LLRs. */
  answered(client: string, { id, model, version }: LlrResult, { estimatedSnrDb }: Quality): void {
    this.#answered?.set(keyOf(client, id), { model, version, estimatedSnrDb });
  }

  /** @throws INVALID_ARGUMENT for a bad id, PAYLOAD_TOO_LARGE for too many; nothing is counted then. */
  report(client: string, reports: readonly DecodeReport[]): ReportTally {
    checkReportCount(reports.length);
    for (const [i, { id }] of reports.entries()) checkId(id, `reports[${i}].id`);
    const tally = { matched: 0, unknown: 0, duplicate: 0 };
    for (const report of reports) tally[this.#count(client, report)]++;
    this.metrics.reported(tally);
    return tally;
  }

  #count(client: string, { id, crcOk }: DecodeReport): keyof ReportTally {
    const answer = this.#answered?.take(keyOf(client, id));
    if (answer === undefined) return 'unknown';
    if (answer === 'again') return 'duplicate';
    this.metrics.blockDecoded(answer, crcOk);
    return 'matched';
  }
}

/** @throws INVALID_ARGUMENT for none, PAYLOAD_TOO_LARGE for more than are taken at once. */
export function checkReportCount(count: number): void {
  if (count === 0) throw invalid('reports', 'at least one report', 'none');
  if (count <= MAX_REPORTS) return;
  const [expected, received] = [`at most ${MAX_REPORTS}`, String(count)];
  throw new SpikingRxError('PAYLOAD_TOO_LARGE', `reports: expected ${expected}, received ${received}`, {
    field: 'reports',
    expected,
    received,
  });
}

function keyOf(client: string, id: string): string {
  return `${withoutStream(client)}\0${id}`;
}
