import { Counter, type Registry } from 'prom-client';
import type { ReportTally } from '../decode-reports.js';
import { BoundedModelLabels } from './model-labels.js';

/** Width of the SNR bins, and the lower edges of the first and last, in dB. */
const BIN_DB = 2;
const FIRST_DB = -10;
const LAST_DB = 30;

/** Blocks that decoders downstream reported, which the block error rate is the quotient of. */
export class DecodingMetrics {
  readonly #labels = new BoundedModelLabels();
  readonly #blocks: Counter;
  readonly #errors: Counter;
  readonly #reports: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    const labelNames = ['model', 'version', 'snr_db'];
    this.#blocks = new Counter({
      name: 'spikingrx_decoded_blocks_total',
      help: 'Blocks whose decoding was reported, by model, version and lower edge of the SNR bin of 2 dB',
      labelNames,
      registers,
    });
    this.#errors = new Counter({
      name: 'spikingrx_block_errors_total',
      help: 'Of those, blocks that did not pass their check',
      labelNames,
      registers,
    });
    this.#reports = new Counter({
      name: 'spikingrx_decode_reports_total',
      help: 'Reports of decoding, by outcome: matched, unknown (no such answer of late) or duplicate',
      labelNames: ['outcome'],
      registers,
    });
  }

  blockDecoded(
    answer: { readonly model: string; readonly version: string; readonly estimatedSnrDb: number | undefined },
    crcOk: boolean,
  ): void {
    const labels = { ...this.#labels.of(answer.model, answer.version), snr_db: binOf(answer.estimatedSnrDb) };
    this.#blocks.inc(labels);
    this.#errors.inc(labels, crcOk ? 0 : 1);
  }

  reported(tally: ReportTally): void {
    for (const [outcome, count] of Object.entries(tally)) this.#reports.inc({ outcome }, count);
  }
}

/** Lower edge of the bin; the first takes what is below, the last what is above. */
function binOf(snrDb: number | undefined): string {
  if (snrDb === undefined) return 'unknown';
  const edge = Math.floor(snrDb / BIN_DB) * BIN_DB;
  return String(Math.min(LAST_DB, Math.max(FIRST_DB, edge)));
}
