import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arrivals } from './arrivals.js';
import { periodMs } from './arrivals.js';
import { FIGURES, type FigureName, renderFigure } from './figures.js';
import { type LatencyFigures, percentileMs } from './histogram.js';
import { isSound, type SoakResult } from './result.js';

type Row = readonly string[];

const SHOWN = [50, 90, 99, 99.9, 100] as const;
const FIGURE_NAMES = Object.keys(FIGURES) as FigureName[];

export function describeArrivals(arrivals: Arrivals): string {
  if (arrivals.kind === 'poisson') return 'Poisson';
  const { cells, numerology, jitterMs, phase } = arrivals;
  const period = periodMs(arrivals);
  return `${cells} ${phase} cells, a grid every ${period} ms each (µ = ${numerology}), jitter ${jitterMs} ms`;
}

function milliseconds(value: number): string {
  return Number.isFinite(value) ? value.toFixed(value < 100 ? 2 : 0) : '–';
}

function latencyRow(name: string, figures: LatencyFigures): Row {
  return [name, String(figures.count), ...SHOWN.map((p) => milliseconds(percentileMs(figures, p)))];
}

/** Latencies in milliseconds: the first row names the columns. */
export function latencyTable({ latency }: SoakResult): readonly Row[] {
  return [
    ['latency in ms', 'grids', ...SHOWN.map((p) => (p === 100 ? 'slowest' : `${p} %`))],
    latencyRow('all', latency.all),
    ...Object.entries(latency.byClass).map(([kind, figures]) => latencyRow(kind, figures)),
    latencyRow('all, from the send', latency.fromSend),
    latencyRow('until the client sent', latency.sendLag),
  ];
}

function mebibytes(bytes = 0): string {
  return (bytes / 2 ** 20).toFixed(0);
}

/** What was asked and what came of it, as names and values. */
export function summaryTable(result: SoakResult): readonly Row[] {
  const { load, machine, model, heldAfter, memory } = result;
  const highest = Math.max(0, ...result.calibration.map(({ gridsPerSecond }) => gridsPerSecond));
  const share =
    load.share === undefined ? '' : `, ${100 * load.share} % of the highest load (${highest.toFixed(0)})`;
  const errors = Object.entries(result.outcomes).filter(([code]) => code !== 'OK');
  const [first, last] = [memory.samples.at(0), memory.samples.at(-1)];
  const busySeconds = (last?.loopBusySeconds ?? 0) - (first?.loopBusySeconds ?? 0);
  const busy = (100 * busySeconds) / Math.max(1, (last?.second ?? 0) - (first?.second ?? 0));
  return [
    ['model', `${model.name} version ${model.version}`],
    ['machine', `${machine.cores} cores, Node.js ${machine.node}, onnxruntime ${machine.onnxruntime}`],
    [
      'arrivals',
      `${describeArrivals(load.arrivals)}: ${load.gridsPerSecond.toFixed(1)} grids/s${share}, ${load.seconds} s`,
    ],
    ['widths', `${load.prbs.join(', ')} PRB, each as often`],
    ['clients', `${load.clients.join(', ')}, on ${load.threads} threads; seed ${load.seed}`],
    [
      'priority and deadline',
      `${100 * load.highPriority} % of high priority; ${load.deadlineMs === undefined ? 'no deadline' : `${load.deadlineMs} ms`}`,
    ],
    ['grids that came', String(result.arrived)],
    ['answered with LLRs', `${result.outcomes['OK'] ?? 0} (${result.answeredPerSecond.toFixed(1)} grids/s)`],
    ['errors', errors.length === 0 ? 'none' : errors.map(([code, count]) => `${count} ${code}`).join(', ')],
    ['lost, answered twice, answered differently', `${result.lost}, ${result.surplus}, ${result.differing}`],
    [
      'held by the service afterwards',
      `${heldAfter.grids} grids, ${heldAfter.bytes} bytes, ${heldAfter.inFlight} in flight`,
    ],
    [
      'resident memory',
      `${mebibytes(first?.rssBytes)} MiB at first, ${mebibytes(last?.rssBytes)} MiB at last, ${memory.growthMiBPerMinute.toFixed(2)} MiB a minute after the first third`,
    ],
    ['its main event loop was busy', `${busy.toFixed(0)} % of the time`],
    ['verdict', isSound(result) ? 'sound: every grid had exactly one outcome' : 'NOT SOUND'],
  ];
}

/** For the terminal. */
export function formatSoak(result: SoakResult): string {
  return [summaryTable(result), latencyTable(result)]
    .map((table) => {
      const widths = (table[0] ?? []).map((_, column) =>
        Math.max(...table.map((row) => row[column]?.length ?? 0)),
      );
      const line = (row: Row): string =>
        row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd();
      return table.map(line).join('\n');
    })
    .join('\n\n');
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function htmlTable(rows: readonly Row[], header: boolean): string {
  const cells = (row: Row, tag: 'td' | 'th'): string =>
    row.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('');
  const lines = rows.map((row, i) => `<tr>${cells(row, header && i === 0 ? 'th' : 'td')}</tr>`);
  return `<table class="${header ? 'figures' : 'facts'}">\n${lines.join('\n')}\n</table>`;
}

const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 780px; margin: 2rem auto; padding: 0 1rem; color: #1f2328; background: #ffffff; }
h1 { font-size: 1.5rem; } svg { max-width: 100%; height: auto; display: block; margin: 1.2rem 0; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
td, th { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #e4e7eb; vertical-align: top; }
.figures td + td, .figures th + th { text-align: right; font-variant-numeric: tabular-nums; }
.facts td:first-child { color: #59636e; white-space: nowrap; }
@media (prefers-color-scheme: dark) {
  body { color: #e6edf3; background: #0d1117; } td, th { border-color: #262c36; } .facts td:first-child { color: #9198a1; }
}`;

/** A page that needs nothing beside itself; light, and dark where the viewer prefers it. */
export function soakPage(result: SoakResult): string {
  const title = `Soak of ${result.date.slice(0, 10)}`;
  const figures = FIGURE_NAMES.map((name) => renderFigure(name, result));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
<h1>${title}</h1>
${htmlTable(summaryTable(result), false)}
${htmlTable(latencyTable(result), true)}
${figures.join('\n')}
</html>
`;
}

/**
 * Writes `<name>.json`, `<name>.html` and the figures as `<name>-<figure>.svg`.
 * @returns the paths
 */
export function writeSoak(result: SoakResult, directory: string, name: string): string[] {
  mkdirSync(directory, { recursive: true });
  const files: readonly (readonly [string, string])[] = [
    [`${name}.json`, `${JSON.stringify(result)}\n`],
    [`${name}.html`, soakPage(result)],
    ...FIGURE_NAMES.map((figure) => [`${name}-${figure}.svg`, renderFigure(figure, result)] as const),
  ];
  return files.map(([file, content]) => {
    const path = join(directory, file);
    writeFileSync(path, content);
    return path;
  });
}
