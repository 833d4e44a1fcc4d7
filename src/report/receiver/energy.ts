/** What the model's operations on the slot are, beside those of an ANN of the same shape. */
import type { BarSeriesOption, EChartsCoreOption } from 'echarts';
import { axisStyle, heading, legend, seriesLook, yAxisStyle } from '../../chart/chart.js';
import { plotChart } from '../../chart/plots.js';
import { energyOption, ENERGY_SIZE } from '../../energy/figures.js';
import { ActivityMeter } from '../../energy/meter.js';
import { type EnergyPoint, energyPoint, type LayerReport, type ModelEnergy } from '../../energy/report.js';
import { emptyTally } from '../../energy/tally.js';
import type { DataTable, Figure } from '../figure.js';
import type { FigureGroup } from '../section.js';
import type { Subject } from '../subject.js';
import { MODEL_NAME } from './receivers.js';

export const energyGroup: FigureGroup = {
  name: 'operations and energy',
  draw: async (subject) => {
    if (subject.model.network === undefined) return [];
    const point = await measure(subject);
    return [operationsFigure(subject, point), energyFigure(subject, point)];
  },
};

/** Counts on the slot of the report alone. */
async function measure({ model, slot }: Subject): Promise<EnergyPoint> {
  const meter = await ActivityMeter.open(model.bytes);
  try {
    const tally = emptyTally(meter.layers);
    await meter.measure(slot.received, tally);
    return energyPoint(slot.received.snrDb, meter.layers, slot.received.shape, tally);
  } finally {
    await meter.release();
  }
}

interface Operations {
  readonly name: string;
  readonly stack: string;
  readonly of: (layer: LayerReport) => number;
}

const OPERATIONS: readonly Operations[] = [
  { name: 'synaptic operations', stack: 'model', of: (layer) => layer.accumulates },
  { name: 'multiply-accumulates', stack: 'model', of: (layer) => layer.multiplyAccumulates },
  { name: 'multiply-accumulates of the ANN', stack: 'ann', of: (layer) => layer.annMultiplyAccumulates },
];
const SIZE = { width: 860, height: 460 };

function millions(count: number): string {
  return `${(count / 1e6).toPrecision(3)} M`;
}

function microjoules(picojoules: number): string {
  return `${(picojoules * 1e-6).toPrecision(3)} µJ`;
}

function operationsOption({ model, slot }: Subject, { layers, totals }: EnergyPoint): EChartsCoreOption {
  const { multiplyAccumulates, accumulates, annMultiplyAccumulates } = totals;
  const place = { left: 74, top: 92, width: SIZE.width - 102, height: SIZE.height - 92 - 76 };
  const plot = {
    place,
    xAxis: {
      ...axisStyle,
      type: 'category' as const,
      splitLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...axisStyle.axisLabel, interval: 0 },
      data: layers.map(({ name }) => name),
    },
    yAxis: { ...yAxisStyle('operations (millions)'), type: 'value' as const, min: 0 },
    series: OPERATIONS.map(
      ({ name, stack, of }, i): BarSeriesOption => ({
        type: 'bar',
        name,
        stack,
        itemStyle: seriesLook(i === 2 ? 5 : i).itemStyle,
        barGap: '8%',
        barCategoryGap: '24%',
        data: layers.map((layer) => of(layer) / 1e6),
      }),
    ),
  };
  return plotChart([plot], {
    title: heading(
      'Operations of a slot, by layer',
      `${model.title}, ${slot.origin}, ${slot.received.snrDb.toFixed(1)} dB\n` +
        `in all ${millions(accumulates)} accumulates and ${millions(multiplyAccumulates)} multiply-accumulates; ` +
        `the ANN ${millions(annMultiplyAccumulates)} multiply-accumulates`,
    ),
    legend: legend(OPERATIONS.map(({ name }) => name)),
  });
}

function operationsFigure(subject: Subject, point: EnergyPoint): Figure {
  return {
    id: 'operations',
    title: 'Synaptic operations and multiply-accumulates, by layer',
    caption:
      'A spike adds one weight to each neuron that it reaches: a synaptic operation, an accumulate without a ' +
      'multiplication. They are counted on this slot, all time steps together; where the SEW connection adds, an input of ' +
      '2 counts twice. Grey are the multiply-accumulates of an ANN of the same shape, which runs once and computes ' +
      'every product. Layers that see analog values, the features, the stem and the readout, multiply in both. A block ' +
      'whose bar is higher than the grey one does more operations than the ANN: each is cheaper, but it fires often.',
    size: SIZE,
    frames: [{ label: 'operations', option: operationsOption(subject, point) }],
    data: tableOf(point),
  };
}

function energyFigure({ model, slot }: Subject, point: EnergyPoint): Figure {
  const { energyPj, annEnergyPj, annRatio } = point.totals;
  const energy: ModelEnergy = {
    name: MODEL_NAME,
    title: model.title,
    sha256: model.sha256,
    kind: model.network?.activation === 'relu' ? 'ann' : 'spiking',
    timeSteps: model.network?.timeSteps ?? 1,
    parts: [point],
    pooled: point,
    requiredSnrDb: {},
  };
  const caption = `${model.title}, ${slot.origin}: ${microjoules(energyPj)}, ANN ${microjoules(annEnergyPj)} (${annRatio.toFixed(2)} times as much)`;
  return {
    id: 'energy',
    title: 'Estimated energy, by layer',
    caption:
      'The same operations weighed by what they cost in 45 nm: 4.6 pJ a multiply-accumulate, 0.9 pJ an accumulate (Horowitz, ' +
      'ISSCC 2014). An estimate by counting: memory, control, and what neurons do element by element are left out, so it ' +
      'compares networks and says nothing about a device. The spikes save where a layer’s blue bar is lower than the grey one.',
    size: ENERGY_SIZE,
    frames: [{ label: 'energy', option: energyOption({ caption, models: [energy] }) }],
    data: tableOf(point),
  };
}

function tableOf({ layers }: EnergyPoint): DataTable {
  return {
    columns: ['layer', 'ac', 'mac', 'ann_mac', 'energy_pj', 'ann_energy_pj'],
    rows: layers.map((layer) => [
      layer.name,
      ...OPERATIONS.map(({ of }) => of(layer)),
      layer.energyPj,
      layer.annEnergyPj,
    ]),
  };
}
