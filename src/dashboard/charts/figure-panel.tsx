/** A picture in its panel, with a switch to the numbers behind it. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { Button } from '../ui/forms.js';
import { ChartIcon, TableIcon } from '../ui/icons.js';
import { Panel, type PanelProps } from '../ui/panel.js';
import { type Table, TableView } from './table.js';

export interface FigureText extends Omit<PanelProps, 'children'> {
  /** The numbers, made when they are asked for. */
  readonly table: () => Table;
  /** Said in place of the picture, where there is nothing to draw. */
  readonly empty?: string | undefined;
  /** Controls of what is shown, below picture and numbers. */
  readonly below?: ComponentChildren;
}

export interface FigurePanelProps extends FigureText {
  /** Of the picture, pixels; the table takes as much. */
  readonly height: number;
  readonly children: ComponentChildren;
}

export function FigurePanel({ table, empty, below, height, children, tools, ...panel }: FigurePanelProps) {
  const isTable = useSignal(false);
  const name = isTable.value ? 'Show as picture' : 'Show as table';
  const toggle = (
    <div class="tools panel-tools">
      {tools}
      {empty === undefined && (
        <Button
          kind="quiet"
          isSmall
          title={name}
          aria-label={`${panel.title}: ${name.toLowerCase()}`}
          onClick={() => (isTable.value = !isTable.value)}
        >
          {isTable.value ? <ChartIcon /> : <TableIcon />}
        </Button>
      )}
    </div>
  );
  return (
    <Panel {...panel} tools={toggle}>
      {empty !== undefined && (
        <p class="chart-empty" style={{ height: `${height}px` }}>
          {empty}
        </p>
      )}
      {empty === undefined && isTable.value && (
        <TableView caption={panel.title} table={table()} height={height} />
      )}
      {empty === undefined && !isTable.value && children}
      {below}
    </Panel>
  );
}
