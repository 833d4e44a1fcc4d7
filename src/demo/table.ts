import type { TallyFigures } from './tally.js';

export interface TableRow {
  readonly name: string;
  readonly figures: TallyFigures;
}

interface Column {
  readonly title: string;
  readonly value: (figures: TallyFigures) => string;
}

function fixed(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '–';
}

function rate(value: number): string {
  return Number.isFinite(value) ? value.toExponential(2) : '–';
}

const COLUMNS: readonly Column[] = [
  { title: 'slots', value: (f) => String(f.slots) },
  { title: 'slots/s', value: (f) => fixed(f.slotsPerSecond, 0) },
  { title: 'batch', value: (f) => fixed(f.meanBatch, 1) },
  { title: 'p50 ms', value: (f) => fixed(f.p50Ms, 1) },
  { title: 'p95 ms', value: (f) => fixed(f.p95Ms, 1) },
  { title: 'p99 ms', value: (f) => fixed(f.p99Ms, 1) },
  { title: 'BER', value: (f) => rate(f.spikingRx) },
  { title: 'LS+LMMSE', value: (f) => rate(f.lsLmmse) },
  { title: 'perfect CSI', value: (f) => rate(f.perfectCsi) },
];

const NAME_WIDTH = 12;
const NARROWEST_COLUMN = 7;

/** Room for the title and for the longest value, `1.23e-4` or `100.0`, and a space before it. */
function columnWidth(index: number): number {
  return 1 + Math.max(NARROWEST_COLUMN, COLUMNS[index]?.title.length ?? 0);
}

function line(name: string, cells: readonly string[]): string {
  return name.padEnd(NAME_WIDTH) + cells.map((cell, i) => cell.padStart(columnWidth(i))).join('');
}

/** Title line and one line a transport, all of one width. */
export function formatTable(rows: readonly TableRow[]): string[] {
  const title = line(
    'transport',
    COLUMNS.map((column) => column.title),
  );
  const values = (figures: TallyFigures): string[] => COLUMNS.map((column) => column.value(figures));
  return [title, '─'.repeat(title.length), ...rows.map((row) => line(row.name, values(row.figures)))];
}

/** One transport in words, where a table cannot be redrawn. */
export function formatPlain({ name, figures: f }: TableRow): string {
  return (
    `${name}: ${f.slots} slots, ${fixed(f.slotsPerSecond, 0)} slots/s, batch ${fixed(f.meanBatch, 1)}, ` +
    `p50/p95/p99 ${fixed(f.p50Ms, 1)}/${fixed(f.p95Ms, 1)}/${fixed(f.p99Ms, 1)} ms, ` +
    `BER ${rate(f.spikingRx)} (LS+LMMSE ${rate(f.lsLmmse)}, perfect CSI ${rate(f.perfectCsi)})`
  );
}

/** Where the display writes: standard output, or a test's stand-in. */
export interface Screen {
  readonly isTTY?: boolean;
  /** Characters in a line of a terminal. */
  readonly columns?: number;
  write(text: string): unknown;
}

/** Redraws the table in place on a terminal; elsewhere prints the running transport, a line at a time. */
export class Display {
  #drawn = 0;

  constructor(private readonly screen: Screen) {}

  /** @param rows transports that have begun, the running one last */
  update(rows: readonly TableRow[]): void {
    const running = rows.at(-1);
    if (!running) return;
    if (this.screen.isTTY !== true) {
      this.screen.write(`${formatPlain(running)}\n`);
      return;
    }
    this.#redraw(formatTable(rows));
  }

  /** The table for good. */
  finish(rows: readonly TableRow[]): void {
    this.#redraw(formatTable(rows));
    this.#drawn = 0;
  }

  #redraw(table: readonly string[]): void {
    // A line that wraps would be two on the screen, and the next redraw would miss the top.
    const lines = table.map((text) => text.slice(0, this.screen.columns));
    const back = this.#drawn > 0 ? `\u001b[${this.#drawn}A\u001b[0J` : '';
    this.screen.write(`${back}${lines.join('\n')}\n`);
    this.#drawn = this.screen.isTTY === true ? lines.length : 0;
  }
}
