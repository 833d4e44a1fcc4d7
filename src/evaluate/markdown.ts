/** Points as Markdown tables. */
import type { CalibrationBin, EvaluationPoint, ReceiverResult } from './point.js';
import { CONVENTIONAL } from './receivers.js';
import { byCase, CALIBRATION_TOLERANCE, type CaseSummary, judge, MIN_CALIBRATION_ERRORS } from './summary.js';
import { receiverNames, summarise } from './summary.js';

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
  const rows = points.map(({ snrDb, receivers }) => [snrDb, ...receivers.map(cell)]);
  return table('SNR (dB)', receiverNames(points), rows);
}

function caseHeading(name: string, points: readonly EvaluationPoint[]): string {
  const slots = points.map((point) => point.slots);
  const [fewest, most] = [Math.min(...slots), Math.max(...slots)];
  return `**${name}** (${fewest === most ? most : `${fewest} to ${most}`} slots a point)`;
}

/** Uncoded bit error rates: one table for each case, and whether there is an error floor. */
export function formatMarkdown(points: readonly EvaluationPoint[]): string {
  const summaries = new Map(summarise(points).map((summary) => [summary.case, summary]));
  return [...byCase(points)]
    .map(([name, rows]) =>
      [
        caseHeading(name, rows),
        metricTable(rows, (r) => r.bitErrorRate.toExponential(2)),
        ...floorLine(summaries.get(name) as CaseSummary),
      ].join('\n\n'),
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

const CALIBRATION_TITLE =
  'Observed over promised errors by |LLR|, all SNRs together; ' +
  `bold where they differ by more than ${100 * CALIBRATION_TOLERANCE} %, ` +
  `in brackets fewer than ${MIN_CALIBRATION_ERRORS} errors:`;

/** All figures of a coded link: BLER, BER, GMI, calibration, error floor and the required SNR of each case. */
export function formatCodedMarkdown(points: readonly EvaluationPoint[]): string {
  const summaries = new Map(summarise(points).map((summary) => [summary.case, summary]));
  return [...byCase(points)]
    .map(([name, rows]) => {
      const summary = summaries.get(name) as CaseSummary;
      return [
        caseHeading(name, rows),
        'Block error rate, with 95 % interval:',
        metricTable(rows, blerCell),
        'Bit error rate before decoding:',
        metricTable(rows, (r) => r.bitErrorRate.toExponential(2)),
        'GMI in bit per data resource element; with the best factor on the LLRs:',
        metricTable(rows, gmiCell),
        CALIBRATION_TITLE,
        calibrationTable(summary),
        ...floorLine(summary),
        `SNR at 10 % BLER with 95 % interval, ${name}; and how many dB more than the others:`,
        requiredTable(summary),
      ].join('\n\n');
    })
    .join('\n\n');
}

function calibrationTable({ calibration }: CaseSummary): string {
  const edges = [...new Set(calibration.flatMap(({ bins }) => bins.map(({ from }) => from)))];
  const rows = edges
    .toSorted((a, b) => a - b)
    .map((from) => {
      const bins = calibration.map((receiver) => receiver.bins.find((bin) => bin.from === from));
      const to = bins.find((bin) => bin !== undefined)?.to;
      return [typeof to === 'number' ? `${from} … ${to}` : `${from} …`, ...bins.map(calibrationCell)];
    });
  const names = calibration.map(({ name }) => name);
  return table('\\|LLR\\|', names, [
    ...rows,
    ['off', ...calibration.map(({ off, judged }) => `${off} of ${judged}`)],
  ]);
}

function calibrationCell(bin: CalibrationBin | undefined): string {
  if (bin === undefined) return '–';
  const ratio = (bin.errors / bin.expectedErrors).toFixed(2);
  const counts = `${bin.errors} of ${bin.bits}`;
  const verdict = judge(bin);
  if (verdict === 'few errors') return `(${ratio}, ${counts})`;
  return verdict === 'off' ? `**${ratio}**, ${counts}` : `${ratio}, ${counts}`;
}

/** The SNR at 10 % BLER, and how many dB more each receiver needs than every other one. */
function requiredTable({ required }: CaseSummary): string {
  const rows = required.map(({ name, snrDb, interval, gapsDb }) => {
    const gaps = required.map((other) => {
      const gap = gapsDb[other.name];
      return gap === undefined ? '–' : signed(gap);
    });
    if (snrDb === undefined || interval === undefined) return [name, 'outside the SNRs measured', ...gaps];
    const [low, high] = interval;
    return [name, `${decibels(snrDb)} (${decibels(low)} … ${decibels(high)})`, ...gaps];
  });
  return table('receiver', ['SNR (dB)', ...required.map(({ name }) => `to ${name}`)], rows);
}

/** Whether a receiver falls behind LS + LMMSE where that has few errors. */
function floorLine({ floor }: CaseSummary): string[] {
  if (floor === undefined) return [];
  const baseline = CONVENTIONAL['ls-lmmse'];
  if (floor.snrsDb.length === 0) return [`Error floor: not checked, ${baseline} fails more often than 10 %.`];
  const at = floor.snrsDb.join(', ');
  if (floor.above.length === 0) return [`Error floor: none; at ${at} dB no rate above that of ${baseline}.`];
  const findings = floor.above.map(({ name, snrDb, metric, rate, baseline: other, certain }) => {
    const text = `${name} at ${snrDb} dB, ${metric} ${digits(rate)} against ${digits(other)}`;
    return certain ? `**${text}**` : `${text} (intervals overlap)`;
  });
  return [`Error floor: at ${at} dB above ${baseline}: ${findings.join('; ')}.`];
}

function decibels(value: number): string {
  return value.toFixed(2).replace('-', '−');
}

function signed(value: number): string {
  return value < 0 ? decibels(value) : `+${decibels(value)}`;
}
