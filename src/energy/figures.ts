/** Firing rates and energy as SVG. */
import type { BarSeriesOption, CustomSeriesOption, EChartsCoreOption } from 'echarts';
import { axisStyle, heading, legend, xAxisStyle, yAxisStyle } from '../chart/chart.js';
import { LIGHT, SERIES_COLOURS } from '../chart/colours.js';
import { type ColourScheme, renderChart } from '../chart/render.js';
import type { EnergyReport, LayerReport, ModelEnergy } from './report.js';

/** Opacity of the highest rate: numbers stay readable on it, on both surfaces. */
const STRONGEST = 0.55;
const ROW_HEIGHT = 34;

const categoryAxis = {
  ...axisStyle,
  type: 'category' as const,
  splitLine: { show: false },
  axisTick: { show: false },
};

/**
 * Spikes per neuron of each layer and step, over all SNRs: a cell each, its colour the stronger the more.
 * @throws RangeError when the model has no spiking layers
 */
export function renderFiringRates(model: ModelEnergy, caption: string, scheme?: ColourScheme): string {
  const layers = model.pooled.layers.filter(({ steps }) => steps.length > 0);
  if (layers.length === 0) throw new RangeError(`firing rates of ${model.name}: no spiking layers`);
  const height = 132 + ROW_HEIGHT * layers.length;
  const option = {
    title: heading(`${model.name}: spikes per neuron`, caption),
    grid: { left: 82, right: 28, top: 74, bottom: 56 },
    xAxis: {
      ...xAxisStyle('time step'),
      ...categoryAxis,
      data: layers[0]?.steps.map(({ step }) => String(step)) ?? [],
    },
    yAxis: { ...categoryAxis, inverse: true, data: layers.map(({ name }) => name) },
    series: [cells(layers)],
  };
  return renderChart(option, { size: { width: 760, height }, scheme });
}

function cells(layers: readonly LayerReport[]): CustomSeriesOption {
  const data = layers.flatMap(({ steps }, row) =>
    steps.map(({ firingRate }, column) => [column, row, firingRate]),
  );
  const highest = Math.max(...data.map(([, , rate]) => rate as number), Number.MIN_VALUE);
  return {
    type: 'custom',
    data,
    renderItem: (_, api) => {
      const [column, row, rate] = [0, 1, 2].map((i) => Number(api.value(i))) as [number, number, number];
      const [x, y] = api.coord([column, row]) as [number, number];
      const [width, height] = (api.size?.([1, 1]) ?? [0, 0]) as [number, number];
      const shape = { x: x - width / 2 + 1, y: y - height / 2 + 1, width: width - 2, height: height - 2 };
      return {
        type: 'group',
        children: [
          {
            type: 'rect',
            shape,
            style: { fill: SERIES_COLOURS[0] as string, opacity: (STRONGEST * rate) / highest },
          },
          {
            type: 'text',
            style: {
              x,
              y,
              text: rate.toFixed(3),
              fill: LIGHT.text,
              align: 'center',
              verticalAlign: 'middle',
              fontSize: 12,
            },
          },
        ],
      };
    },
  };
}

export const ENERGY_SIZE = { width: 860, height: 460 } as const;

/** Energy of each layer and model, and of the ANN of the same shape. */
export function energyOption({
  caption,
  models,
}: Pick<EnergyReport, 'caption' | 'models'>): EChartsCoreOption {
  const names = [...new Set(models.flatMap(({ pooled }) => pooled.layers.map(({ name }) => name)))];
  const series = [...models.map(modelBars), ...annBars(models)];
  return {
    title: heading(
      'Estimated energy of a slot, by layer',
      `${caption}\n4.6 pJ a multiply-accumulate, 0.9 pJ an accumulate`,
    ),
    legend: legend(series.map(({ name }) => name)),
    grid: { left: 72, right: 28, top: 92, bottom: 74 },
    xAxis: { ...categoryAxis, data: names, axisLabel: { ...axisStyle.axisLabel, interval: 0 } },
    yAxis: { ...yAxisStyle('energy (µJ)'), type: 'value' as const, min: 0 },
    series: series.map(
      ({ name, colour, energies }): BarSeriesOption => ({
        type: 'bar',
        name,
        data: names.map((layer) => (energies.get(layer) ?? 0) * 1e-6),
        itemStyle: { color: colour },
        barGap: '8%',
        barCategoryGap: '24%',
      }),
    ),
  };
}

export function renderEnergy(report: EnergyReport, scheme?: ColourScheme): string {
  return renderChart(energyOption(report), { size: ENERGY_SIZE, scheme });
}

interface Bars {
  readonly name: string;
  readonly colour: string;
  /** pJ by layer. */
  readonly energies: ReadonlyMap<string, number>;
}

function modelBars({ name, pooled }: ModelEnergy, index: number): Bars {
  // The last colour is the ANN's.
  const colour = SERIES_COLOURS[index % (SERIES_COLOURS.length - 1)] as string;
  return { name, colour, energies: new Map(pooled.layers.map((layer) => [layer.name, layer.energyPj])) };
}

/** One for all models of the same shape. */
function annBars(models: readonly ModelEnergy[]): Bars[] {
  const shapes = new Map<string, { names: string[]; energies: Map<string, number> }>();
  for (const { name, kind, pooled } of models) {
    if (kind === 'ann') continue;
    const energies = new Map(pooled.layers.map((layer) => [layer.name, layer.annEnergyPj]));
    const key = JSON.stringify([...energies]);
    const { names } = shapes.get(key) ?? { names: [] };
    shapes.set(key, { names: [...names, name], energies });
  }
  return [...shapes.values()].map(({ names, energies }) => ({
    name: shapes.size === 1 ? 'ANN of the same shape' : `ANN of the shape of ${names.join(', ')}`,
    colour: SERIES_COLOURS.at(-1) as string,
    energies,
  }));
}
