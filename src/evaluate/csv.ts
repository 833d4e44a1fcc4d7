/** Points as CSV (RFC 4180): a row for each case, SNR and receiver. */
import type { EvaluationPoint, ReceiverResult } from './point.js';

type Row = ReceiverResult & Omit<EvaluationPoint, 'receivers'>;

const COLUMNS: Readonly<Record<string, (row: Row) => string | number | undefined>> = {
  case: (row) => row.case,
  snr_db: (row) => row.snrDb,
  receiver: (row) => row.name,
  slots: (row) => row.slots,
  blocks: (row) => row.blocks,
  block_errors: (row) => row.blockErrors,
  bler: (row) => row.blockErrorRate,
  bler_low: (row) => row.blockErrorRateInterval?.[0],
  bler_high: (row) => row.blockErrorRateInterval?.[1],
  bits: (row) => row.bits,
  bit_errors: (row) => row.bitErrors,
  ber: (row) => row.bitErrorRate,
  ber_low: (row) => row.bitErrorRateInterval[0],
  ber_high: (row) => row.bitErrorRateInterval[1],
  gmi_bit_per_re: (row) => row.gmi,
  gmi_low: (row) => row.gmiInterval[0],
  gmi_high: (row) => row.gmiInterval[1],
  gmi_scaled_bit_per_re: (row) => row.gmiScaled,
  llr_scale: (row) => row.llrScale,
};

/** A field, in quotation marks where it needs them. */
export function quote(value: string | number | undefined): string {
  const text = value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function formatCsv(points: readonly EvaluationPoint[]): string {
  const rows = points.flatMap(({ receivers, ...point }) =>
    receivers.map((receiver) => ({ ...point, ...receiver })),
  );
  const lines = rows.map((row) => Object.values(COLUMNS).map((column) => quote(column(row))));
  return [Object.keys(COLUMNS), ...lines].map((line) => `${line.join(',')}\r\n`).join('');
}
