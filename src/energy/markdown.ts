/** Activity and energy as Markdown tables. */
import { table } from '../evaluate/markdown.js';
import type { EnergyReport, EnergyTotals, LayerReport, ModelEnergy } from './report.js';

/** What every table of an energy says of itself. */
export const ESTIMATE =
  'Energy is an estimate by counting: 4.6 pJ a multiply-accumulate (MAC), 0.9 pJ an accumulate (AC), 45 nm, float32; no memory traffic.';

export const micro = (picojoules: number): string => (picojoules * 1e-6).toFixed(2);
const millions = (count: number): string => (count * 1e-6).toFixed(2);
const rate = (value: number | null): string => (value === null ? '–' : value.toFixed(3));
const times = (ratio: number): string => `${ratio.toFixed(2)}×`;

function casesOf(models: readonly ModelEnergy[]): string[] {
  return [...new Set(models.flatMap(({ requiredSnrDb }) => Object.keys(requiredSnrDb)))];
}

function requiredCell(value: number | null | undefined): string {
  return value === undefined ? '–' : value === null ? 'outside' : value.toFixed(2);
}

const steps = ({ kind, timeSteps }: ModelEnergy): string | number => (kind === 'ann' ? 'ANN' : timeSteps);

/** Energy beside the SNR that each model needs for 10 % BLER, where an evaluation says so. */
function besideErrorRates(models: readonly ModelEnergy[]): string[] {
  const cases = casesOf(models);
  if (cases.length === 0) return [];
  const rows = models.map((model) => [
    model.name,
    steps(model),
    micro(model.pooled.totals.energyPj),
    times(model.pooled.totals.annRatio),
    ...cases.map((wanted) => requiredCell(model.requiredSnrDb[wanted])),
  ]);
  return [
    'Energy, and the SNR at 10 % BLER in dB:',
    table('model', ['T', 'energy (µJ)', 'ANN ÷ model', ...cases], rows),
  ];
}

/** One row a model. */
function comparison(models: readonly ModelEnergy[]): string {
  const columns: readonly (readonly [string, (totals: EnergyTotals) => string])[] = [
    ['spikes per neuron and step', (t) => rate(t.firingRate)],
    ['MAC (10⁶)', (t) => millions(t.multiplyAccumulates)],
    ['AC (10⁶)', (t) => millions(t.accumulates)],
    ['energy (µJ)', (t) => micro(t.energyPj)],
    ['per RE (nJ)', (t) => (t.energyPerRePj * 1e-3).toFixed(1)],
    ['ANN (µJ)', (t) => micro(t.annEnergyPj)],
    ['ANN ÷ model', (t) => times(t.annRatio)],
    ['with the stem at every step', (t) => times(t.everyStepAnnRatio)],
    ['blocks alone', (t) => (t.blocksAnnRatio === null ? '–' : times(t.blocksAnnRatio))],
  ];
  return table(
    'model',
    ['T', ...columns.map(([name]) => name)],
    models.map((model) => [
      model.name,
      steps(model),
      ...columns.map(([, cell]) => cell(model.pooled.totals)),
    ]),
  );
}

function ratiosBySnr(models: readonly ModelEnergy[]): string[] {
  const spiking = models.filter(({ kind }) => kind === 'spiking');
  const snrs = spiking[0]?.parts.map(({ snrDb }) => `${snrDb} dB`) ?? [];
  if (snrs.length < 2) return [];
  const rows = spiking.map(({ name, parts }) => [
    name,
    ...parts.map(({ totals }) => `${micro(totals.energyPj)} (${times(totals.annRatio)})`),
  ]);
  return ['Energy by SNR in µJ a slot, and ANN ÷ model:', table('model', snrs, rows)];
}

/** Firing rates at each SNR, and what the convolutions saw over all SNRs. */
function activity({ parts, pooled }: ModelEnergy): string {
  const snrs = parts.map(({ snrDb }) => `${snrDb} dB`);
  const rows = pooled.layers.flatMap((layer, i) =>
    layer.steps.map(({ step, input }, t) => [
      `${layer.name}, ${step}`,
      ...parts.map(({ layers }) => rate(layers[i]?.steps[t]?.firingRate ?? null)),
      input ? input.mean.toFixed(3) : 'features',
      input ? input.nonzeroShare.toFixed(3) : '–',
      input ? input.largest : '–',
      input ? millions(input.accumulates) : '–',
    ]),
  );
  const columns = [...snrs, 'spikes an input element', 'share not 0', 'most', 'AC (10⁶)'];
  return table('layer, step', columns, rows);
}

function operationsRow(name: string, of: EnergyTotals | LayerReport): string[] {
  return [
    name,
    millions(of.multiplyAccumulates),
    millions(of.accumulates),
    micro(of.energyPj),
    millions(of.annMultiplyAccumulates),
    micro(of.annEnergyPj),
    times(of.annEnergyPj / of.energyPj),
  ];
}

function operations(layers: readonly LayerReport[], totals: EnergyTotals): string {
  return table(
    'layer',
    ['MAC (10⁶)', 'AC (10⁶)', 'energy (µJ)', 'ANN MAC (10⁶)', 'ANN (µJ)', 'ANN ÷ model'],
    [...layers.map((layer) => operationsRow(layer.name, layer)), operationsRow('all', totals)],
  );
}

function elementwise({ elementwise: count, elementwiseEnergyPj }: EnergyTotals): string {
  const { multiplications, additions, comparisons } = count;
  return (
    `Not in the estimate: element by element, the layers do ${millions(multiplications)}·10⁶ multiplications, ` +
    `${millions(additions)}·10⁶ additions and ${millions(comparisons)}·10⁶ comparisons a slot ` +
    `(${micro(elementwiseEnergyPj)} µJ at 3.7, 0.9 and 0.9 pJ).`
  );
}

function modelSection(model: ModelEnergy): string[] {
  const { name, title, kind, timeSteps, pooled } = model;
  const what = kind === 'ann' ? 'ANN' : `T = ${timeSteps}`;
  const spikes = [
    'Spikes per neuron at each SNR; over all SNRs what the convolution of the layer sees, and its synaptic operations a slot:',
    activity(model),
  ];
  return [
    `**${name}** (${name === title ? '' : `${title}, `}${what}, ${pooled.slots} slots)`,
    ...(kind === 'spiking' ? spikes : []),
    'Operations and energy a slot:',
    operations(pooled.layers, pooled.totals),
    elementwise(pooled.totals),
  ];
}

export function formatEnergyMarkdown({ caption, models }: EnergyReport): string {
  return [
    caption,
    `Means a slot. ${ESTIMATE} ANN: the same convolutions once, all multiply-accumulates.`,
    comparison(models),
    ...besideErrorRates(models),
    ...ratiosBySnr(models),
    ...models.flatMap(modelSection),
  ].join('\n\n');
}
