import { FigurePanel, type FigureText } from './figure-panel.js';
import { GridMap, type GridMapProps, MAP_HEIGHT } from './grid-map.js';
import { rowTable } from './row-table.js';

export type MapPanelProps = GridMapProps & Omit<FigureText, 'table' | 'empty'>;

/** A map in its panel; as a table, what the values of each symbol are like. */
export function MapPanel({ plane, scale, summary, format, ...panel }: MapPanelProps) {
  return (
    <FigurePanel
      {...panel}
      height={MAP_HEIGHT}
      table={() => rowTable(plane, { name: 'symbol', ...(format && { format }) })}
    >
      <GridMap {...{ plane, scale, summary, format }} />
    </FigurePanel>
  );
}
