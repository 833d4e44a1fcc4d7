import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { divergingScale, sequentialScale } from '../../chart/colour-maps.js';
import type { Plane } from '../../chart/picture.js';
import { ChartPanel } from '../charts/chart.js';
import { AntennaSelect } from '../charts/antenna-select.js';
import { MapPanel } from '../charts/map-panel.js';
import { llrHistogram } from '../playground/charts.js';
import { llrHistograms, magnitudeDb } from '../playground/planes.js';
import { SmallSelect } from '../ui/small-select.js';
import { short } from '../ui/numbers.js';
import { bitPlane, dataLlrs, type LatestGrid } from './decode.js';

interface GridProps {
  readonly grid: LatestGrid;
}

function planeOf({ shape }: LatestGrid, values: Float32Array): Plane {
  return { rows: shape.nSym, columns: shape.nSc, values };
}

export function GridPanel({ grid }: GridProps) {
  const antenna = useSignal(0);
  const chosen = Math.min(antenna.value, grid.shape.nRx - 1);
  const map = useMemo(() => {
    const values = magnitudeDb(grid, chosen);
    const scale = sequentialScale('power in dB', values.filter(Number.isFinite));
    return { plane: planeOf(grid, values), scale };
  }, [grid, chosen]);
  return (
    <MapPanel
      {...map}
      title="Received grid"
      unit="|y|², dB over its mean"
      tools={<AntennaSelect count={grid.shape.nRx} antenna={antenna} />}
      summary={`Power of the resource elements at antenna ${chosen + 1}, from ${short(map.scale.min)} to ${short(map.scale.max)} dB over the mean.`}
    />
  );
}

export function LlrPanel({ grid }: GridProps) {
  const bit = useSignal('0');
  const chosen = Math.min(Number(bit.value), grid.bitsPerSymbol - 1);
  const map = useMemo(() => {
    const values = bitPlane(grid, chosen);
    return { plane: planeOf(grid, values), scale: divergingScale(`LLR of b${chosen}`, values) };
  }, [grid, chosen]);
  return (
    <MapPanel
      {...map}
      title="LLR map"
      tools={
        <SmallSelect
          label="Bit"
          value={String(chosen)}
          choices={Array.from({ length: grid.bitsPerSymbol }, (_, i) => ({
            value: String(i),
            label: `bit b${i}`,
          }))}
          onChange={(value) => (bit.value = value)}
        />
      }
      caption="Red: surely 0, blue: surely 1, white: undecided. Hatched: no data."
      summary={`LLRs of bit b${chosen} over the resource grid, from ${short(map.scale.min)} to ${short(map.scale.max)}.`}
    />
  );
}

export function HistogramPanel({ grid }: GridProps) {
  const { llrs, counted, option } = useMemo(() => {
    const values = dataLlrs(grid);
    const histograms = llrHistograms(values);
    return { llrs: values, counted: histograms.all, option: llrHistogram(histograms) };
  }, [grid]);
  return (
    <ChartPanel
      title="LLR histogram"
      unit={`${short(llrs.length)} LLRs`}
      height={250}
      option={option}
      summary={`Histogram of ${llrs.length} LLRs.`}
      table={() => ({
        columns: ['LLR from', 'to', 'LLRs'],
        rows: counted.counts.map((count, i) => [
          short(counted.edges[i] ?? 0),
          short(counted.edges[i + 1] ?? 0),
          count,
        ]),
      })}
      caption="Two humps apart: bits that are sure. One around zero: noise. The outermost bins hold what lies beyond."
    />
  );
}
