/** A matrix in colours: OFDM symbols down, subcarriers to the right. Each cell can be read, by pointer and by keys. */
import { useSignal } from '@preact/signals';
import { useId, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { ColourScale } from '../../chart/colour-maps.js';
import type { Plane } from '../../chart/picture.js';
import { short } from '../ui/numbers.js';
import { barOf, type Cell, edgeNumbers, movedBy, pixelsOf, thinned } from './map-pixels.js';

export interface GridMapProps {
  readonly plane: Plane;
  /** Its name is that of the value, with the unit. */
  readonly scale: ColourScale;
  /** What a reader of the screen is told in its place. */
  readonly summary: string;
  /** Of a value, in the readout. Default: three figures. */
  readonly format?: ((value: number) => string) | undefined;
}

/** Pixels: fifteen for each of 14 symbols. */
const HEIGHT = 210;
/** With the numbers below and the line that reads a cell. */
export const MAP_HEIGHT = HEIGHT + 36;

export function GridMap({ plane, scale, summary, format = short }: GridMapProps) {
  const cell = useSignal<Cell | undefined>(undefined);
  const readout = useId();
  const { rows, columns } = plane;
  return (
    <div class="map">
      <span class="map-name map-row-name">symbol</span>
      <Edge numbers={edgeNumbers(rows, HEIGHT / 22)} count={rows} side="left" />
      <div
        class="map-cells"
        style={{ height: `${HEIGHT}px` }}
        role="img"
        aria-label={`${summary} Arrow keys read single values.`}
        aria-describedby={readout}
        tabIndex={0}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
          const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
          cell.value =
            row >= 0 && row < rows && column >= 0 && column < columns ? { row, column } : undefined;
        }}
        onPointerLeave={() => (cell.value = undefined)}
        onBlur={() => (cell.value = undefined)}
        onKeyDown={(event) => {
          const next = movedBy(event.key, plane, cell.value);
          if (next === undefined) return;
          event.preventDefault();
          cell.value = next;
        }}
      >
        <Cells plane={plane} scale={scale} />
        {cell.value !== undefined && <Cursor cell={cell.value} plane={plane} />}
      </div>
      <Bar scale={scale} />
      <Edge numbers={edgeNumbers(columns, 9)} count={columns} side="below" />
      <p id={readout} class="map-readout" aria-live="polite">
        {cell.value === undefined ? (
          <span class="muted">subcarrier</span>
        ) : (
          `symbol ${cell.value.row}, subcarrier ${cell.value.column}: ${scale.name} ${textAt(plane, cell.value, format)}`
        )}
      </p>
    </div>
  );
}

function textAt({ values, columns }: Plane, { row, column }: Cell, format: (value: number) => string) {
  const value = values[row * columns + column] as number;
  return Number.isNaN(value) ? 'none' : format(value);
}

/** About as many as a map has pixels across. */
const MOST_COLUMNS = 500;

function Cells({ plane: whole, scale }: { readonly plane: Plane; readonly scale: ColourScale }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const plane = useMemo(() => thinned(whole, MOST_COLUMNS), [whole]);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext('2d');
    context?.putImageData(new ImageData(pixelsOf(plane, scale), plane.columns, plane.rows), 0, 0);
  }, [plane, scale]);
  return <canvas ref={canvas} width={plane.columns} height={plane.rows} />;
}

const percent = (share: number) => `${100 * share}%`;

function Cursor({
  cell: { row, column },
  plane: { rows, columns },
}: {
  readonly cell: Cell;
  readonly plane: Plane;
}) {
  const style = {
    left: percent(column / columns),
    top: percent(row / rows),
    width: percent(1 / columns),
    height: percent(1 / rows),
  };
  return <span class="map-cursor" style={style} />;
}

interface EdgeProps {
  readonly numbers: readonly number[];
  readonly count: number;
  readonly side: 'left' | 'below';
}

function Edge({ numbers, count, side }: EdgeProps) {
  return (
    <div class={`map-edge map-edge-${side}`} aria-hidden="true">
      {numbers.map((number) => {
        const at = percent((number + 0.5) / count);
        return (
          <span key={number} style={side === 'left' ? { top: at } : { left: at }}>
            {number}
          </span>
        );
      })}
    </div>
  );
}

const BAR_ROWS = 96;

function Bar({ scale }: { readonly scale: ColourScale }) {
  const { min, max } = scale;
  return (
    <div class="map-bar" aria-hidden="true" style={{ height: `${HEIGHT}px` }} title={scale.name}>
      <Cells plane={barOf(scale, BAR_ROWS)} scale={scale} />
      <div>
        <span>{short(max)}</span>
        <span>{short((min + max) / 2)}</span>
        <span>{short(min)}</span>
      </div>
    </div>
  );
}
