/** Where a neuron is: layer, channel, and resource element. */
import { invalid } from '../../errors.js';
import type { Activity, LayerActivity } from './activity.js';
import { liveliestNeuron } from './choose-neuron.js';

/** A neuron to look at, each number from 0. */
export interface NeuronChoice {
  readonly layer: string;
  readonly channel: number;
  readonly symbol: number;
  readonly subcarrier: number;
}

/** @param text `layer/channel/symbol/subcarrier` @throws INVALID_ARGUMENT for anything else */
export function parseNeuron(text: string): NeuronChoice {
  const [, layer, ...numbers] = /^([^/]+)\/(\d+)\/(\d+)\/(\d+)$/.exec(text) ?? [];
  const [channel, symbol, subcarrier] = numbers.map(Number);
  if (layer === undefined || channel === undefined || symbol === undefined || subcarrier === undefined)
    throw invalid('--neuron', 'layer/channel/symbol/subcarrier, for example block2/17/5/31', text);
  return { layer, channel, symbol, subcarrier };
}

export interface NeuronPlace {
  readonly layer: LayerActivity;
  /** Index into a step, `[C, nSym, nSc]`. */
  readonly neuron: number;
  /** Somebody asked for it. */
  readonly chosen: boolean;
}

/** In words, or short: `block2/17/5/31`. */
export function placeOf({ nSym, nSc }: Activity, { layer, neuron }: NeuronPlace, short = false): string {
  const channel = Math.floor(neuron / (nSym * nSc));
  const symbol = Math.floor(neuron / nSc) % nSym;
  const subcarrier = neuron % nSc;
  return short
    ? `${layer.name}/${channel}/${symbol}/${subcarrier}`
    : `${layer.name}, channel ${channel}, OFDM symbol ${symbol}, subcarrier ${subcarrier}`;
}

function requireBelow(what: string, value: number, count: number): void {
  if (value >= count) throw invalid('--neuron', `${what} from 0 to ${count - 1}`, String(value));
}

/** @throws INVALID_ARGUMENT when the network has no such neuron. */
export function chosenNeuron(
  { layers, nSym, nSc }: Activity,
  { layer: name, channel, symbol, subcarrier }: NeuronChoice,
): NeuronPlace {
  const layer = layers.find((one) => one.name === name);
  if (!layer)
    throw invalid('--neuron', `one of the layers ${layers.map((one) => one.name).join(', ')}`, name);
  requireBelow('a channel', channel, layer.channels);
  requireBelow('an OFDM symbol', symbol, nSym);
  requireBelow('a subcarrier', subcarrier, nSc);
  return { layer, neuron: (channel * nSym + symbol) * nSc + subcarrier, chosen: true };
}

/** All neurons of a layer at resource elements that carry data. @param dataMask `[nSym, nSc]` */
export function neuronsOnData({ channels }: LayerActivity, dataMask: Uint8Array): number[] {
  const neurons: number[] = [];
  for (let channel = 0; channel < channels; channel++)
    dataMask.forEach((isData, re) => {
      if (isData !== 0) neurons.push(channel * dataMask.length + re);
    });
  return neurons;
}

/** The liveliest neuron of a layer on data resource elements. @returns undefined when there is none */
export function liveliestOf(layer: LayerActivity, dataMask: Uint8Array): NeuronPlace | undefined {
  const neuron = liveliestNeuron(
    {
      membrane: layer.steps.map(({ membrane }) => membrane),
      spikes: layer.steps.map(({ spikes }) => spikes),
    },
    neuronsOnData(layer, dataMask),
  );
  return neuron === undefined ? undefined : { layer, neuron, chosen: false };
}
