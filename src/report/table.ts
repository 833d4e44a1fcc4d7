/** The numbers behind a figure as files. */
import type { Cell, DataTable } from './figure.js';

/** RFC 4180, with line feeds; an empty cell is a value that is not there. */
export function formatCsv({ columns, rows }: DataTable): string {
  return [columns, ...rows].map((row) => `${row.map(csvCell).join(',')}\n`).join('');
}

function csvCell(cell: Cell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Columns beside rows, as in the page: `{"columns": […], "rows": [[…], …]}`. */
export function formatJson(table: DataTable): string {
  return `${JSON.stringify(table)}\n`;
}
