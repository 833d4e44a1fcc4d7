/** Firing rates and energy as SVG. */
import { type BarSeriesOption, type CustomSeriesOption, type EChartsCoreOption, init } from 'echarts';
import { LIGHT, SERIES_COLOURS } from '../evaluate/curve-colours.js';
import { axisStyle, type ColourScheme, finished, titleStyle } from '../evaluate/svg.js';
import type { EnergyReport, LayerReport, ModelEnergy } from './report.js';

/** Opacity of the highest rate: numbers stay readable on it, on both surfaces. */
const STRONGEST = 0.55;
const ROW_HEIGHT = 34;

function render(
  size: { readonly width: number; readonly height: number },
  option: EChartsCoreOption,
  scheme?: ColourScheme,
): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption({ animation: false, backgroundColor: LIGHT.surface, aria: { enabled: true }, ...option });
    return finished(chart.renderToSVGString(), scheme);
  } finally {
    chart.dispose();
  }
}

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
    title: {
      text: `${model.name}: spikes per neuron`,
      subtext: caption,
      ...titleStyle,
    },
    grid: { left: 82, right: 28, top: 74, bottom: 56 },
    xAxis: {
      ...categoryAxis,
      name: 'time step',
      nameLocation: 'middle' as const,
      nameGap: 30,
      data: layers[0]?.steps.map(({ step }) => String(step)) ?? [],
    },
    yAxis: { ...categoryAxis, inverse: true, data: layers.map(({ name }) => name) },
    series: [cells(layers)],
  };
  return render({ width: 760, height }, option, scheme);
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

/** Energy of each layer and model, and of the ANN of the same shape. */
export function renderEnergy({ caption, models }: EnergyReport, scheme?: ColourScheme): string {
  const names = [...new Set(models.flatMap(({ pooled }) => pooled.layers.map(({ name }) => name)))];
  const series = [...models.map(modelBars), ...annBars(models)];
  const option = {
    title: {
      text: 'Estimated energy of a slot, by layer',
      subtext: `${caption}\n4.6 pJ a multiply-accumulate, 0.9 pJ an accumulate`,
      ...titleStyle,
    },
    legend: { data: series.map(({ name }) => name), bottom: 8, textStyle: { color: LIGHT.text } },
    grid: { left: 72, right: 28, top: 92, bottom: 74 },
    xAxis: { ...categoryAxis, data: names, axisLabel: { ...axisStyle.axisLabel, interval: 0 } },
    yAxis: {
      ...axisStyle,
      type: 'value' as const,
      name: 'energy (µJ)',
      nameLocation: 'middle' as const,
      nameGap: 48,
      min: 0,
    },
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
  return render({ width: 860, height: 460 }, option, scheme);
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
