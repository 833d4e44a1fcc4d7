/** Figures as CSV (RFC 4180). */
import type { CalibrationBin, EvaluationPoint, ReceiverResult } from './point.js';
import { type CaseSummary, judge, type RequiredSnr } from './summary.js';

type Value = string | number | null | undefined;
type Columns<Row> = Readonly<Record<string, (row: Row) => Value>>;

const POINT_COLUMNS: Columns<ReceiverResult & Omit<EvaluationPoint, 'receivers'>> = {
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

const REQUIRED_COLUMNS: Columns<RequiredSnr & { readonly case: string }> = {
  case: (row) => row.case,
  receiver: (row) => row.name,
  snr_db_at_10_percent_bler: (row) => row.snrDb,
  snr_low: (row) => row.interval?.[0],
  snr_high: (row) => row.interval?.[1],
};

const CALIBRATION_COLUMNS: Columns<CalibrationBin & { readonly case: string; readonly name: string }> = {
  case: (row) => row.case,
  receiver: (row) => row.name,
  llr_from: (row) => row.from,
  llr_to: (row) => row.to,
  bits: (row) => row.bits,
  errors: (row) => row.errors,
  promised_errors: (row) => row.expectedErrors,
  verdict: judge,
};

/** A field, in quotation marks where it needs them. */
export function quote(value: Value): string {
  const text = value === undefined || value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function format<Row>(columns: Columns<Row>, rows: readonly Row[]): string {
  const lines = rows.map((row) => Object.values(columns).map((column) => quote(column(row))));
  return [Object.keys(columns), ...lines].map((line) => `${line.join(',')}\r\n`).join('');
}

/** Names of columns, and what stands in them. */
export interface PointTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** A row for each case, SNR and receiver. */
export function pointTable(points: readonly EvaluationPoint[]): PointTable {
  return {
    columns: Object.keys(POINT_COLUMNS),
    rows: pointRows(points).map((row) => Object.values(POINT_COLUMNS).map((column) => column(row) ?? null)),
  };
}

function pointRows(points: readonly EvaluationPoint[]) {
  return points.flatMap(({ receivers, ...point }) =>
    receivers.map((receiver) => ({ ...point, ...receiver })),
  );
}

/** The same as CSV. */
export function formatCsv(points: readonly EvaluationPoint[]): string {
  return format(POINT_COLUMNS, pointRows(points));
}

/** The SNR at 10 % BLER: a row for each case and receiver. */
export function formatRequiredCsv(summaries: readonly CaseSummary[]): string {
  const rows = summaries.flatMap((summary) =>
    summary.required.map((required) => ({ ...required, case: summary.case })),
  );
  return format(REQUIRED_COLUMNS, rows);
}

/** A row for each case, receiver and bin of |LLR|, over all SNRs. */
export function formatCalibrationCsv(summaries: readonly CaseSummary[]): string {
  const rows = summaries.flatMap((summary) =>
    summary.calibration.flatMap(({ name, bins }) =>
      bins.map((bin) => ({ ...bin, name, case: summary.case })),
    ),
  );
  return format(CALIBRATION_COLUMNS, rows);
}
