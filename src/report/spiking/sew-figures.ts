/** What the SEW blocks do: activity, output, shortcut, variance of their channels. */
import type { BarSeriesOption, CustomSeriesOption, LineSeriesOption } from 'echarts';
import { axisStyle, seriesLook, xAxisStyle, yAxisStyle } from '../../chart/chart.js';
import { LIGHT } from '../../chart/colours.js';
import { sequentialScale } from '../../chart/colour-maps.js';
import { colourBar, heatMap } from '../../chart/heat-map.js';
import type { Place, Plot } from '../../chart/plots.js';
import type { SewConnection } from '../../nn/sew-block.js';
import type { Figure } from '../figure.js';
import type { Activity } from './activity.js';
import { stepLabel } from './density-figures.js';
import { multiples } from '../../chart/multiples.js';
import { type BlockStatistics, blockStatistics, shortcutShare } from './sew-statistics.js';

/** One block: its statistics at each step. */
export interface Block {
  readonly name: string;
  readonly steps: readonly BlockStatistics[];
}

/** The blocks of the network: all spiking layers but the stem, which has no shortcut. */
export function blocksOf({ layers }: Activity, connection: SewConnection): Block[] {
  return layers
    .filter(({ name }) => name !== 'stem')
    .map(({ name, steps, channels }) => ({
      name,
      steps: steps.map((step) => blockStatistics(step, connection, channels)),
    }));
}

function blockAxis(blocks: readonly Block[]) {
  return {
    ...axisStyle,
    type: 'category' as const,
    data: blocks.map(({ name }) => name),
    splitLine: { show: false },
    axisTick: { show: false },
    axisLabel: {
      ...axisStyle.axisLabel,
      interval: 0,
      fontSize: 11,
      formatter: (name: string) => name.replace('block', ''),
    },
    name: 'block',
    nameLocation: 'middle' as const,
    nameGap: 28,
  };
}

const valueAxis = (name: string) => ({ ...yAxisStyle(name), type: 'value' as const, nameGap: 40 });

function line(name: string, index: number, values: readonly number[]): LineSeriesOption {
  return { type: 'line', name, data: [...values], ...seriesLook(index) };
}

/** Mean of a statistic over the steps. */
function overSteps({ steps }: Block, of: (statistics: BlockStatistics) => number): number {
  return steps.reduce((sum, statistics) => sum + of(statistics), 0) / steps.length;
}

/** Activity of each block against time, a line for each block; with one step, points. */
function activityPlot(place: Place, blocks: readonly Block[], timeSteps: number): Plot {
  const series = blocks.map(({ name, steps }, i) =>
    line(
      name,
      i,
      steps.map(({ activity }) => activity),
    ),
  );
  return {
    place,
    title: 'Spikes per neuron of the branch',
    xAxis: {
      ...xAxisStyle('time step'),
      type: 'category',
      data: Array.from({ length: timeSteps }, (_, t) => String(t + 1)),
      boundaryGap: timeSteps === 1,
    },
    yAxis: { ...valueAxis('spikes per neuron'), min: 0 },
    series,
  };
}

/** A standard deviation up and down from each mean. */
function whiskers(means: readonly number[], deviations: readonly number[]): CustomSeriesOption {
  const style = { stroke: LIGHT.text, lineWidth: 1.5, fill: 'none' };
  return {
    type: 'custom',
    data: means.map((mean, i) => [i, mean - (deviations[i] as number), mean + (deviations[i] as number)]),
    encode: { x: 0, y: [1, 2] },
    z: 5,
    renderItem: (_, api) => {
      const [at, from, to] = [0, 1, 2].map((i) => Number(api.value(i))) as [number, number, number];
      const [x = 0, low = 0] = api.coord([at, from]);
      const [, high = 0] = api.coord([at, to]);
      const ends: [number, number, number, number][] = [
        [x, low, x, high],
        [x - 6, low, x + 6, low],
        [x - 6, high, x + 6, high],
      ];
      const children = ends.map(([x1, y1, x2, y2]) => ({
        type: 'line' as const,
        shape: { x1, y1, x2, y2 },
        style,
      }));
      return { type: 'group', children };
    },
  };
}

/** Mean of each block's output with a whisker of one standard deviation up and down. */
function outputPlot(place: Place, blocks: readonly Block[]): Plot {
  const means = blocks.map((block) => overSteps(block, ({ outputMean }) => outputMean));
  const deviations = blocks.map((block) =>
    overSteps(block, ({ outputStandardDeviation }) => outputStandardDeviation),
  );
  const colour = seriesLook(0).itemStyle.color;
  return {
    place,
    title: 'Output: mean and standard deviation',
    xAxis: blockAxis(blocks),
    yAxis: valueAxis('spikes'),
    series: [
      {
        type: 'bar',
        name: 'mean',
        data: means,
        itemStyle: { color: colour, opacity: 0.75 },
        barWidth: '50%',
      },
      whiskers(means, deviations),
    ],
  };
}

const GATE = { shortcut: 'passes', rest: 'held back' };
const SHARES = {
  add: { shortcut: 'over the shortcut', rest: 'fired in the block' },
  and: GATE,
  iand: GATE,
} satisfies Record<SewConnection, { readonly shortcut: string; readonly rest: string }>;

/** Shares of a stack, in percent, with their numbers where there is room. */
function shareBar(name: string, index: number, shares: readonly number[]): BarSeriesOption {
  return {
    type: 'bar',
    name,
    stack: 'share',
    data: shares.map((value) => 100 * value),
    itemStyle: { color: seriesLook(index).itemStyle.color },
    barWidth: '50%',
    label: {
      show: true,
      formatter: ({ value }) => (Number(value) < 5 ? '' : `${Math.round(Number(value))}`),
      color: LIGHT.surface,
      fontSize: 11,
    },
  };
}

/** With ADD, what branch and shortcut bring to the mean output; with AND and IAND, how much of the shortcut passes. */
function shortcutPlot(place: Place, blocks: readonly Block[], connection: SewConnection): Plot {
  const share = blocks.map((block) => {
    const shortcut = overSteps(block, ({ shortcutMean }) => shortcutMean);
    const output = overSteps(block, ({ outputMean }) => outputMean);
    return shortcutShare(shortcut, output, connection) ?? 0;
  });
  const rest = share.map((value) => 1 - value);
  return {
    place,
    title: connection === 'add' ? 'Where the output comes from' : 'What becomes of the shortcut',
    xAxis: blockAxis(blocks),
    yAxis: { ...valueAxis('%'), min: 0, max: 100 },
    series: [shareBar(SHARES[connection].shortcut, 5, share), shareBar(SHARES[connection].rest, 1, rest)],
  };
}

/** Spikes of each block's branch against time. */
export function sewActivityFigure(blocks: readonly Block[], timeSteps: number): Figure {
  const look = multiples({
    title: 'Activity of the SEW blocks',
    subtitle: 'mean over channels and resource elements of each block’s branch',
    names: blocks.map(({ name }) => name),
    count: 1,
    across: 1,
    height: 260,
    width: 760,
  });
  const [place] = look.places as [Place];
  return {
    id: 'sew-activity',
    title: 'Activity of the SEW blocks',
    caption:
      'Spikes per neuron of each block’s branch, LIF(SpikeNorm(Conv(x))), in each time step. ' +
      (timeSteps > 1
        ? 'Neurons charge from zero, so the first step usually has the fewest spikes; then the rate settles. '
        : '') +
      'A branch without activity leaves its block a mere wire.',
    size: look.size,
    frames: [{ label: '', option: look.chart([activityPlot(place, blocks, timeSteps)]) }],
    data: {
      columns: ['block', 'time_step', 'branch_spikes_per_neuron'],
      rows: blocks.flatMap(({ name, steps }) => steps.map(({ activity }, t) => [name, t + 1, activity])),
    },
  };
}

const OUTPUT_CAPTION = {
  add:
    'With ADD outputs are sums of spikes and grow from block to block. Right: the share of the output’s mean that comes over the ' +
    'shortcut, and the share that the block’s own neurons fire.',
  and: 'Right: the share of what the shortcut carries that passes where the block fires, and the share held back.',
  iand: 'Right: the share of what the shortcut carries that passes where the block is silent, and the share held back.',
} satisfies Record<SewConnection, string>;

/** What the blocks put out, and what of it comes over the shortcut. */
export function sewOutputFigure(blocks: readonly Block[], connection: SewConnection): Figure {
  const look = multiples({
    title: 'Output of the SEW blocks',
    subtitle: `y = LIF(SpikeNorm(Conv(x))) ${connection.toUpperCase()} x, mean over the time steps`,
    names: Object.values(SHARES[connection]),
    count: 2,
    across: 2,
    height: 240,
    gap: { x: 80, y: 0 },
  });
  const [first, second] = look.places as [Place, Place];
  return {
    id: 'sew-output',
    title: 'Output of the SEW blocks',
    caption: `Left: mean of each block’s output over channels and resource elements (bar) with its standard deviation (whisker). ${OUTPUT_CAPTION[connection]}`,
    size: look.size,
    frames: [
      {
        label: '',
        option: look.chart([outputPlot(first, blocks), shortcutPlot(second, blocks, connection)]),
      },
    ],
    data: {
      columns: [
        'block',
        'time_step',
        'shortcut_mean',
        'output_mean',
        'output_standard_deviation',
        connection === 'add' ? 'shortcut_share_of_output' : 'share_of_shortcut_that_passes',
      ],
      rows: blocks.flatMap(({ name, steps }) =>
        steps.map((s, t) => [
          name,
          t + 1,
          s.shortcutMean,
          s.outputMean,
          s.outputStandardDeviation,
          s.shortcutShare ?? null,
        ]),
      ),
    },
  };
}

/** Variance over the grid of each channel's output, of each block and step. */
export function varianceFigure(blocks: readonly Block[], timeSteps: number): Figure {
  const columns = Math.max(...blocks.map(({ steps }) => steps[0]?.channelVariance.length ?? 0));
  const rowsAt = (t: number) => blocks.map(({ steps }) => steps[t]?.channelVariance ?? []);
  const all = blocks.flatMap(({ steps }) => steps.flatMap(({ channelVariance }) => channelVariance));
  const scale = sequentialScale('variance', all, { min: 0 });
  const { places, size, chart } = multiples({
    title: 'Variance of the channels',
    subtitle: 'of each block’s output, over the resource grid',
    count: 1,
    across: 1,
    height: Math.max(140, 26 * blocks.length),
    margin: { left: 84, right: 104 },
  });
  const [place] = places as [Place];
  const frames = Array.from({ length: timeSteps }, (_, t) => {
    const map = heatMap({
      place,
      plane: { rows: blocks.length, columns, values: rowsAt(t).flat() },
      scale,
      x: { name: 'channel' },
      y: { name: '', labels: blocks.map(({ name }) => name) },
      title: stepLabel(t, timeSteps),
    });
    return { label: stepLabel(t, timeSteps), option: chart([map, colourBar(scale, place)]) };
  });
  return {
    id: 'channel-variance',
    title: 'Variance of the channels',
    caption:
      'Each cell is the variance over the resource grid of one channel of a block’s output in this time step. A channel without variance ' +
      'says the same of every resource element; one that stands out dominates what the next convolution sees.',
    size,
    frames,
    data: {
      columns: ['block', 'time_step', 'channel', 'variance'],
      rows: blocks.flatMap(({ name, steps }) =>
        steps.flatMap(({ channelVariance }, t) =>
          channelVariance.map((variance, c) => [name, t + 1, c, variance]),
        ),
      ),
    },
  };
}
