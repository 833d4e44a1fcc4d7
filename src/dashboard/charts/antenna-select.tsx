import type { Signal } from '@preact/signals';
import { SmallSelect } from '../ui/small-select.js';

export interface AntennaSelectProps {
  readonly count: number;
  /** Index of the chosen one; beyond the last: the last. */
  readonly antenna: Signal<number>;
}

export function AntennaSelect({ count, antenna }: AntennaSelectProps) {
  return (
    <SmallSelect
      label="Antenna"
      value={String(Math.min(antenna.value, count - 1))}
      choices={Array.from({ length: count }, (_, i) => ({ value: String(i), label: `antenna ${i + 1}` }))}
      onChange={(value) => (antenna.value = Number(value))}
    />
  );
}
