/** What single neurons do over time. */
import type { LineSeriesOption, ScatterSeriesOption } from 'echarts';
import { xAxisStyle, yAxisStyle } from '../../chart/chart.js';
import { RED, SERIES_COLOURS } from '../../chart/colours.js';
import type { Place, Plot } from '../../chart/plots.js';
import { Random } from '../../phy/random.js';
import type { Cell, Figure } from '../figure.js';
import type { Activity, LayerActivity } from './activity.js';
import { type NeuronTrace, syntheticCurrents, traceOf } from './lif-trace.js';
import { multiples } from '../../chart/multiples.js';
import { type NeuronPlace, placeOf } from './neuron-place.js';

const NAMES = { input: 'input', potential: 'membrane potential', threshold: 'threshold', spike: 'spike' };
const [BLUE, ORANGE, GREY] = [SERIES_COLOURS[0], SERIES_COLOURS[1], SERIES_COLOURS[5]] as [
  string,
  string,
  string,
];

/** A path keeps its proportions in the legend, where ECharts' own symbols are stretched. */
const TRIANGLE = 'path://M0,10L5.5,0L11,10Z';

/** A trace to draw, in units of θ: `input` is what is drawn in grey. */
interface Drawn extends Pick<NeuronTrace, 'charged' | 'rest' | 'spikes'> {
  readonly title: string;
  readonly input: readonly number[];
}

/** The potential rises to its charged value and drops by θ at once where the neuron fires. */
function potentialLine({ charged, rest, spikes }: Drawn): [number, number][] {
  const points = charged.flatMap((u, step): [number, number][] => {
    const before: [number, number] = [step + 1, u];
    return spikes[step] === 0 ? [before] : [before, [step + 1, rest[step] as number]];
  });
  return [[0, 0], ...points];
}

/** Each step's input from half a step before to half a step after it. */
function inputLine({ input }: Drawn): [number, number][] {
  const points = input.map((value, step): [number, number] => [step + 0.5, value]);
  return [...points, [input.length + 0.5, input.at(-1) ?? 0]];
}

function traceSeries(trace: Drawn): (LineSeriesOption | ScatterSeriesOption)[] {
  const { charged, spikes } = trace;
  const short = charged.length <= 16;
  const line = { type: 'line' as const, showSymbol: false };
  const fired = charged.flatMap((u, step): [number, number][] => (spikes[step] === 0 ? [] : [[step + 1, u]]));
  return [
    {
      ...line,
      name: NAMES.input,
      step: 'end',
      symbol: 'none',
      data: inputLine(trace),
      lineStyle: { color: GREY, width: 1.5 },
      itemStyle: { color: GREY },
      areaStyle: { color: GREY, opacity: 0.18 },
    },
    {
      ...line,
      name: NAMES.threshold,
      symbol: 'none',
      data: [
        [0, 1],
        [charged.length + 0.5, 1],
      ],
      lineStyle: { color: RED, width: 1.5, type: 'dashed' },
      itemStyle: { color: RED },
    },
    {
      ...line,
      name: NAMES.potential,
      data: potentialLine(trace),
      showSymbol: short,
      symbol: 'circle',
      symbolSize: 5,
      lineStyle: { color: BLUE, width: 2 },
      itemStyle: { color: BLUE },
    },
    {
      type: 'scatter',
      name: NAMES.spike,
      data: fired,
      symbol: TRIANGLE,
      symbolSize: short ? 13 : 9,
      itemStyle: { color: ORANGE, opacity: 1 },
      z: 5,
    },
  ];
}

function tracePlot(trace: Drawn, place: Place): Plot {
  const steps = trace.charged.length;
  const axis = xAxisStyle('time step');
  return {
    place,
    title: trace.title,
    xAxis: {
      ...axis,
      min: 0,
      max: steps + 0.5,
      minInterval: 1,
      axisLabel: { ...axis.axisLabel, showMaxLabel: false },
    },
    yAxis: { ...yAxisStyle('units of θ'), type: 'value', nameGap: 38 },
    series: traceSeries(trace),
  };
}

const LEGEND_NAMES = Object.values(NAMES);

function rowsOf(trace: Drawn): Cell[][] {
  return trace.charged.map((u, step) => [
    trace.title,
    step + 1,
    trace.input[step] as number,
    u,
    trace.rest[step] as number,
    trace.spikes[step] as number,
  ]);
}

const COLUMNS = ['neuron', 'time_step', 'input_theta', 'membrane_theta', 'after_reset_theta', 'spike'];

/** A neuron of the network: its input is the drive i = (1−β)·I/θ, what a step adds to the potential. */
function networkTrace(layer: LayerActivity, neuron: number, title: string): Drawn {
  const charged = layer.steps.map(({ membrane }) => membrane[neuron] as number);
  const spikes = layer.steps.map((step) => step.spikes[neuron] as number);
  return {
    title,
    input: layer.steps.map(({ drive }) => drive[neuron] as number),
    charged,
    rest: charged.map((u, step) => u - (spikes[step] as number)),
    spikes,
  };
}

const NETWORK_CAPTION =
  'Grey is what each step adds to the membrane potential, i = (1−β)·I/θ; blue is the potential u ← βu + i, which ' +
  'drops by one θ when it reaches the threshold (red, dashed) and the neuron fires (orange). All in units of θ.';

function stepsOf({ timeSteps }: Activity): string {
  return timeSteps === 1 ? 'one time step' : `${timeSteps} time steps`;
}

/** One neuron, large. */
export function neuronFigure(activity: Activity, { layer, neuron, chosen }: NeuronPlace): Figure {
  const where = placeOf(activity, { layer, neuron, chosen });
  const trace = networkTrace(layer, neuron, where);
  const beta = layer.beta === undefined ? '' : `β = ${Number(layer.beta.toPrecision(4))}, `;
  const { places, size, chart } = multiples({
    title: 'A neuron of the network',
    subtitle: `${where}; ${beta}${stepsOf(activity)}`,
    names: LEGEND_NAMES,
    count: 1,
    across: 1,
    height: 280,
    width: 760,
  });
  const plots = places.map((place) => ({ ...tracePlot(trace, place), title: '' }));
  return {
    id: 'lif-neuron',
    title: 'A neuron of the network',
    caption:
      `${NETWORK_CAPTION} ${chosen ? 'The neuron was chosen.' : 'Of all neurons on data resource elements, this is one that turns on and off most often; another can be chosen.'} ` +
      `The network runs ${stepsOf(activity)} and starts every slot from zero.`,
    size,
    frames: [{ label: '', option: chart(plots) }],
    data: { columns: COLUMNS, rows: rowsOf(trace) },
  };
}

/** A neuron of each layer, side by side. */
export function layerNeuronsFigure(activity: Activity, neurons: readonly NeuronPlace[]): Figure {
  const traces = neurons.map((place) =>
    networkTrace(place.layer, place.neuron, placeOf(activity, place, true)),
  );
  const { places, size, chart } = multiples({
    title: 'A neuron of each layer',
    subtitle: 'layer / channel / OFDM symbol / subcarrier, each counted from 0',
    names: LEGEND_NAMES,
    count: traces.length,
    across: Math.min(4, traces.length),
    height: 140,
  });
  return {
    id: 'lif-layers',
    title: 'A neuron of each layer',
    caption:
      `${NETWORK_CAPTION} In each layer a neuron that turns on and off most often. ` +
      'A drive that alone exceeds the threshold fires at once; a smaller one needs several steps to charge the neuron, ' +
      'which is what more time steps are for.',
    size,
    frames: [{ label: '', option: chart(traces.map((trace, i) => tracePlot(trace, places[i] as Place))) }],
    data: { columns: COLUMNS, rows: traces.flatMap(rowsOf) },
  };
}

const SYNTHETIC_STEPS = 60;

/** The neuron's equation on made-up currents, with the network's β and θ. */
export function syntheticFigure(beta: number, threshold: number): Figure {
  const currents = syntheticCurrents(SYNTHETIC_STEPS, threshold, Random.fromSeed('report').fork('lif'));
  const traces = currents.map(({ name, current }): Drawn => {
    const { charged, rest, spikes } = traceOf(current, { beta, threshold });
    const relative = (values: readonly number[]) => values.map((value) => value / threshold);
    return {
      title: name,
      input: relative(current),
      charged: relative(charged),
      rest: relative(rest),
      spikes,
    };
  });
  const { places, size, chart } = multiples({
    title: 'The neuron on made-up currents',
    subtitle: `U ← βU + (1−β)I; fires at U ≥ θ; U ← U − θ. β = ${Number(beta.toPrecision(4))}, θ = ${threshold}`,
    names: LEGEND_NAMES,
    count: traces.length,
    across: 1,
    height: 150,
  });
  return {
    id: 'lif-synthetic',
    title: 'The neuron on made-up currents',
    caption:
      'Grey is the current I, blue the membrane potential U, red the threshold θ, orange a spike; all in units of θ. ' +
      'A constant current draws U towards I, as I·(1 − βⁿ), so that anything above θ makes the neuron fire at a steady rate ' +
      'and anything below never does: after the step down U settles below θ. Noise with a mean below θ still fires it now and then.',
    size,
    frames: [{ label: '', option: chart(traces.map((trace, i) => tracePlot(trace, places[i] as Place))) }],
    data: { columns: COLUMNS, rows: traces.flatMap(rowsOf) },
  };
}
