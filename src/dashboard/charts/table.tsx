export type Cell = number | string | null;

/** The numbers behind a chart. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface TableViewProps {
  readonly caption: string;
  readonly table: Table;
  /** Pixels; what is longer scrolls. */
  readonly height?: number | undefined;
}

/** 12, −0.5, 37,440, 1.02e-3, 4.1 ms: lined up at the right, so that they compare. */
const NUMBER = /^−?\d[\d,.]*(?:e[+-]\d+)?(?: \S+)?$/;

export function TableView({ caption, table, height }: TableViewProps) {
  const isNumber = table.columns.map((_name, column) =>
    table.rows.every((row) => NUMBER.test(String(row[column] ?? 0))),
  );
  const style = height === undefined ? undefined : { height: `${height}px` };
  return (
    <div class="table-scroll" style={style} tabIndex={0} role="region" aria-label={caption}>
      <table class="table">
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {table.columns.map((name, column) => (
              <th key={name} scope="col" class={isNumber[column] ? 'number' : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={table.columns[column]} class={isNumber[column] ? 'number' : undefined}>
                  {cell ?? '–'}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
