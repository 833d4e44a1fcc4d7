/** Points as Markdown tables. */
import { type CalibrationBin, type EvaluationPoint, poolCalibration, type ReceiverResult } from './point.js';
import { CONVENTIONAL } from './receivers.js';
import { byCase, type CaseSummary, curveOf, summarise } from './summary.js';

/** Errors in a bin from which on its ratio says something. */
const MIN_CALIBRATION_ERRORS = 1000;

/** A Markdown table, all columns aligned to the right. @param corner heading of the first column */
export function table(
  corner: string,
  names: readonly string[],
  rows: readonly (readonly (string | number)[])[],
) {
  return [
    `| ${corner} | ${names.join(' | ')} |`,
    `|---:|${names.map(() => '---:').join('|')}|`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
}

function metricTable(points: readonly EvaluationPoint[], cell: (result: ReceiverResult) => string): string {
  const names = points[0]?.receivers.map(({ name }) => name) ?? [];
  const rows = points.map(({ snrDb, receivers }) => [snrDb, ...receivers.map(cell)]);
  return table('SNR (dB)', names, rows);
}

function caseHeading(name: string, points: readonly EvaluationPoint[]): string {
  const slots = points.map((point) => point.slots);
  const [fewest, most] = [Math.min(...slots), Math.max(...slots)];
  return `**${name}** (${fewest === most ? most : `${fewest} to ${most}`} slots a point)`;
}

/** Uncoded bit error rates: one table for each case. */
export function formatMarkdown(points: readonly EvaluationPoint[]): string {
  return [...byCase(points)]
    .map(([name, rows]) =>
      [caseHeading(name, rows), metricTable(rows, (r) => r.bitErrorRate.toExponential(2))].join('\n\n'),
    )
    .join('\n\n');
}

function blerCell({ blockErrorRate = 0, blockErrorRateInterval = [0, 1] }: ReceiverResult): string {
  const [low, high] = blockErrorRateInterval;
  return `${digits(blockErrorRate)} (${digits(low)} … ${digits(high)})`;
}

function digits(rate: number): string {
  return rate >= 0.01 ? rate.toFixed(3) : rate === 0 ? '0' : rate.toExponential(1);
}

function gmiCell({ gmi, gmiScaled, llrScale }: ReceiverResult): string {
  return `${gmi.toFixed(3)}; ${gmiScaled.toFixed(3)} at ×${llrScale.toFixed(2)}`;
}

/** All figures of a coded link: BLER, BER, GMI, calibration and the required SNR of each case. */
export function formatCodedMarkdown(points: readonly EvaluationPoint[]): string {
  const summaries = new Map(summarise(points).map((summary) => [summary.case, summary]));
  return [...byCase(points)]
    .map(([name, rows]) =>
      [
        caseHeading(name, rows),
        'Block error rate, with 95 % interval:',
        metricTable(rows, blerCell),
        'Bit error rate before decoding:',
        metricTable(rows, (r) => r.bitErrorRate.toExponential(2)),
        'GMI in bit per data resource element; with the best factor on the LLRs:',
        metricTable(rows, gmiCell),
        `Observed over promised errors by |LLR|, all SNRs together; in brackets fewer than ${MIN_CALIBRATION_ERRORS} errors:`,
        calibrationTable(rows),
        formatSummary(summaries.get(name) as CaseSummary),
      ].join('\n\n'),
    )
    .join('\n\n');
}

function calibrationTable(points: readonly EvaluationPoint[]): string {
  const names = points[0]?.receivers.map(({ name }) => name) ?? [];
  const pooled = names.map((name) =>
    poolCalibration(curveOf(points, name).map(({ calibration }) => calibration)),
  );
  const edges = [...new Set(pooled.flat().map(({ from }) => from))].toSorted((a, b) => a - b);
  const rows = edges.map((from) => {
    const bins = pooled.map((list) => list.find((bin) => bin.from === from));
    const to = bins.find((bin) => bin !== undefined)?.to;
    return [typeof to === 'number' ? `${from} … ${to}` : `${from} …`, ...bins.map(calibrationCell)];
  });
  return table('\\|LLR\\|', names, rows);
}

function calibrationCell(bin: CalibrationBin | undefined): string {
  if (bin === undefined) return '–';
  const text = `${(bin.errors / bin.expectedErrors).toFixed(2)}, ${bin.errors} of ${bin.bits}`;
  return bin.errors < MIN_CALIBRATION_ERRORS ? `(${text})` : text;
}

/** The SNR at 10 % BLER, and how far every receiver lies from the conventional ones. */
export function formatSummary({ case: name, required }: CaseSummary): string {
  const of = (wanted: string) => required.find((r) => r.name === wanted)?.snrDb;
  const references = Object.values(CONVENTIONAL);
  const parts = required.map((receiver) => {
    if (receiver.snrDb === undefined) return `${receiver.name} outside the SNRs measured`;
    const gaps = references
      .filter((reference) => reference !== receiver.name)
      .flatMap((reference) => {
        const other = of(reference);
        return other === undefined ? [] : [`${signed((receiver.snrDb as number) - other)} to ${reference}`];
      });
    const detail = gaps.length > 0 ? ` (${gaps.join(', ')})` : '';
    return `${receiver.name} ${receiver.snrDb.toFixed(2)} dB${detail}`;
  });
  return `SNR at 10 % BLER, ${name}: ${parts.join('; ')}.`;
}

function signed(decibels: number): string {
  return `${decibels < 0 ? '−' : '+'}${Math.abs(decibels).toFixed(2)} dB`;
}
