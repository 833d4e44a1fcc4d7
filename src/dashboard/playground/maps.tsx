/** The received grid, and what the model says of it, over the resource elements. */
import { useComputed, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { divergingScale, sequentialScale } from '../../chart/colour-maps.js';
import type { Plane } from '../../chart/picture.js';
import { AntennaSelect } from '../charts/antenna-select.js';
import { MapPanel } from '../charts/map-panel.js';
import { short } from '../ui/numbers.js';
import { errorPlane, llrPlane, magnitudeDb, reach } from './planes.js';
import { SmallSelect } from '../ui/small-select.js';
import type { Result } from './store.js';

/** dB around the mean that have colours of their own: slots compare. */
const POWER_RANGE = { min: -25, max: 10 };

export function planeOf({ shape }: Result['slot'], values: Float32Array): Plane {
  return { rows: shape.nSym, columns: shape.nSc, values };
}

export function GridPanel({ result }: { readonly result: Result }) {
  const { slot } = result;
  const antenna = useSignal(0);
  const chosen = Math.min(antenna.value, slot.shape.nRx - 1);
  const map = useMemo(() => {
    const values = magnitudeDb(slot, chosen);
    return { plane: planeOf(slot, values), scale: sequentialScale('power in dB', values, POWER_RANGE) };
  }, [slot, chosen]);
  return (
    <MapPanel
      {...map}
      title="Received grid"
      unit="|y|², dB over its mean"
      tools={<AntennaSelect count={slot.shape.nRx} antenna={antenna} />}
      summary={`Power of ${slot.dataMask.length} resource elements of antenna ${chosen + 1}, relative to their mean. Dark bands are where the channel fades.`}
    />
  );
}

export function LlrPanel({ result, qm }: { readonly result: Result; readonly qm: number }) {
  const { slot, answer, receivers } = result;
  const shown = useSignal('0');
  const choices = useComputed(() => [
    ...Array.from({ length: qm }, (_, b) => ({ value: String(b), label: `bit b${b}` })),
    ...(slot.bits ? [{ value: 'errors', label: 'wrong bits' }] : []),
  ]);
  const isErrors = shown.value === 'errors' && slot.bits !== undefined;
  const bit = Math.min(Number(shown.value) || 0, qm - 1);
  const map = useMemo(() => {
    if (isErrors) {
      const values = errorPlane({ ...slot, bits: slot.bits }, answer.llrs, qm);
      return {
        plane: planeOf(slot, values),
        scale: sequentialScale('wrong bits', values, { min: 0, max: qm }),
      };
    }
    const values = llrPlane(slot, answer.llrs, { bit, qm });
    return { plane: planeOf(slot, values), scale: divergingScale(`LLR of b${bit}`, [reach(values)]) };
  }, [slot, answer, isErrors, bit, qm]);
  return (
    <MapPanel
      {...map}
      title="LLR map"
      unit="SpikingRx"
      tools={
        <SmallSelect
          label="What the map shows"
          value={isErrors ? 'errors' : String(bit)}
          choices={choices.value}
          onChange={(value) => (shown.value = value)}
        />
      }
      caption={
        isErrors
          ? 'Wrong bits of each resource element by the signs of its LLRs. Hatched: no data.'
          : 'Red: surely 0, blue: surely 1, white: undecided. Hatched: no data.'
      }
      summary={
        isErrors
          ? `Wrong bits of each resource element, ${receivers[0]?.errors ?? 0} in all.`
          : `LLRs of bit b${bit} over the resource grid, from ${short(map.scale.min)} to ${short(map.scale.max)}.`
      }
    />
  );
}
