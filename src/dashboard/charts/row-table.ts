import type { Plane } from '../../chart/picture.js';
import { short } from '../ui/numbers.js';
import type { Table } from './table.js';

export interface RowTableText {
  /** What a row is. */
  readonly name: string;
  /** Of a value. Default: three figures. */
  readonly format?: (value: number) => string;
}

const SHARES = [0, 0.25, 0.5, 0.75, 1];

/**
 * What a map shows, in a table that can be read: of each row how many cells have a value, and the least, the
 * quartiles and the greatest of them. Single values are the map's to tell.
 */
export function rowTable({ rows, columns, values }: Plane, { name, format = short }: RowTableText): Table {
  return {
    columns: [name, 'values', 'least', 'lower quartile', 'median', 'upper quartile', 'greatest'],
    rows: Array.from({ length: rows }, (_row, row) => {
      const known = Float64Array.from(
        { length: columns },
        (_, column) => values[row * columns + column] as number,
      )
        .filter((value) => !Number.isNaN(value))
        .toSorted();
      const at = (share: number) => known[Math.round(share * (known.length - 1))];
      return [row, known.length, ...SHARES.map((share) => cellOf(at(share), format))];
    }),
  };
}

function cellOf(value: number | undefined, format: (value: number) => string): string | null {
  return value === undefined ? null : format(value);
}
