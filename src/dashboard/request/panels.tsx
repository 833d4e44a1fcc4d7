import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { divergingScale, sequentialScale } from '../../chart/colour-maps.js';
import type { Plane } from '../../chart/picture.js';
import { ChartPanel } from '../charts/chart.js';
import { GridMap } from '../charts/grid-map.js';
import { llrHistogram } from '../playground/charts.js';
import { llrHistograms, magnitudeDb } from '../playground/planes.js';
import { SmallSelect } from '../ui/small-select.js';
import { short } from '../ui/numbers.js';
import { Panel } from '../ui/panel.js';
import { bitPlane, dataLlrs, type LatestGrid } from './decode.js';

/** Pixels. */
const HEIGHT = 210;

interface GridProps {
  readonly grid: LatestGrid;
}

function planeOf({ shape }: LatestGrid, values: Float32Array): Plane {
  return { rows: shape.nSym, columns: shape.nSc, values };
}

const numbered = (count: number, label: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => ({ value: String(i), label: label(i) }));

export function GridPanel({ grid }: GridProps) {
  const antenna = useSignal('0');
  const chosen = Math.min(Number(antenna.value), grid.shape.nRx - 1);
  const map = useMemo(() => {
    const values = magnitudeDb(grid, chosen);
    const scale = sequentialScale('power in dB', values.filter(Number.isFinite));
    return { plane: planeOf(grid, values), scale };
  }, [grid, chosen]);
  return (
    <Panel
      title="Received grid"
      unit="|y|², dB over its mean"
      tools={
        <SmallSelect
          label="Antenna"
          value={String(chosen)}
          choices={numbered(grid.shape.nRx, (i) => `antenna ${i + 1}`)}
          onChange={(value) => (antenna.value = value)}
        />
      }
    >
      <GridMap
        {...map}
        height={HEIGHT}
        summary={`Power of the resource elements at antenna ${chosen + 1}, from ${short(map.scale.min)} to ${short(map.scale.max)} dB over the mean.`}
      />
    </Panel>
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
    <Panel
      title="LLR map"
      tools={
        <SmallSelect
          label="Bit"
          value={String(chosen)}
          choices={numbered(grid.bitsPerSymbol, (i) => `bit b${i}`)}
          onChange={(value) => (bit.value = value)}
        />
      }
      caption="Red: surely 0, blue: surely 1, white: undecided. Hatched: no data."
    >
      <GridMap
        {...map}
        height={HEIGHT}
        summary={`LLRs of bit b${chosen} over the resource grid, from ${short(map.scale.min)} to ${short(map.scale.max)}.`}
      />
    </Panel>
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
