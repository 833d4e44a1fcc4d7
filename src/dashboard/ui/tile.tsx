export interface TileProps {
  readonly name: string;
  readonly value: string;
  readonly unit?: string | undefined;
  /** Below, quieter; cut off where it is too long, and whole to the pointer. */
  readonly note: string;
  readonly tone?: 'warn' | 'bad' | undefined;
}

/** A figure of the present; stands in a `<dl class="tiles">`. */
export function Tile({ name, value, unit, note, tone }: TileProps) {
  return (
    <div class="tile" data-tone={tone}>
      <dt>{name}</dt>
      <dd class="tile-value">
        {value}
        {unit !== undefined && <span class="unit">{unit}</span>}
      </dd>
      <dd class="tile-note" title={note}>
        {note}
      </dd>
    </div>
  );
}
