/** A figure of a report: what is drawn, how to read it, and the numbers behind it. */
import type { EChartsCoreOption } from 'echarts';

export type Cell = number | string | null;

/** A float32 in the seven digits that it holds: written as a double it would be twice as long. */
export function float32Cell(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toPrecision(7));
}

/** The numbers behind a figure. Names of columns carry their unit: `snr_db`, `time_step`. */
export interface DataTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** One picture. An animated figure has one for each time step, all of one size and with the same axes. */
export interface Frame {
  /** Says which one it is, where there are several: `step 2 of 4`. */
  readonly label: string;
  readonly option: EChartsCoreOption;
}

export interface Figure {
  /** Name of its files and its anchor in the page: lower case and dashes. */
  readonly id: string;
  readonly title: string;
  /** How to read it: what the axes and colours are, what is usual, and what would be a sign of trouble. */
  readonly caption: string;
  /** Pixels. */
  readonly size: { readonly width: number; readonly height: number };
  readonly frames: readonly Frame[];
  readonly data: DataTable;
}
