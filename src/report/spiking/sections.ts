/** What a report shows of the spikes of a model. */
import { invalid } from '../../errors.js';
import type { Figure } from '../figure.js';
import type { FigureGroup, Section } from '../section.js';
import type { Subject } from '../subject.js';
import { type Activity, activityOf } from './activity.js';
import { liveliestNeuron } from './choose-neuron.js';
import { channelDensityFigure, layerDensityFigure } from './density-figures.js';
import { filterFigure } from './filter-figures.js';
import { filtersOf } from './filters.js';
import { layerNeuronsFigure, neuronFigure, syntheticFigure } from './lif-figures.js';
import { featureMapFigure, spikeCountFigure, spikeMapFigure } from './map-figures.js';
import { membraneFigure } from './membrane-figure.js';
import { chosenNeuron, liveliestOf, type NeuronChoice, type NeuronPlace } from './neuron-place.js';
import { normFigure } from './norm-figures.js';
import { blocksOf, sewActivityFigure, sewOutputFigure, varianceFigure } from './sew-figures.js';
import { rasterFigure, timingFigure } from './timing-figures.js';
import { trainedNetwork } from './trained-network.js';

/** Figures of what the taps show; none of a model without spiking layers. */
function ofActivity(
  name: string,
  figures: (activity: Activity, subject: Subject) => readonly Figure[],
): FigureGroup {
  return {
    name,
    async draw(subject) {
      const activity = await activityOf(subject);
      return activity === undefined ? [] : figures(activity, subject);
    },
  };
}

/** The liveliest of some neurons, each of its own layer. */
function liveliestAmong(places: readonly NeuronPlace[], steps: number): NeuronPlace | undefined {
  const over = (kind: 'membrane' | 'spikes') =>
    Array.from({ length: steps }, (_, t) =>
      places.map(({ layer, neuron }) => layer.steps[t]?.[kind][neuron] as number),
    );
  const best = liveliestNeuron({ membrane: over('membrane'), spikes: over('spikes') });
  return best === undefined ? undefined : places[best];
}

function neuronFigures(
  activity: Activity,
  { model, slot }: Subject,
  choice: NeuronChoice | undefined,
): Figure[] {
  const mask = slot.received.dataMask;
  const places = activity.layers.flatMap((layer) => liveliestOf(layer, mask) ?? []);
  const one =
    choice === undefined ? liveliestAmong(places, activity.timeSteps) : chosenNeuron(activity, choice);
  const { beta = 0.9, threshold = 1 } = model.network ?? {};
  return [
    ...(one === undefined ? [] : [neuronFigure(activity, one)]),
    layerNeuronsFigure(activity, places),
    syntheticFigure(beta, threshold),
    membraneFigure(activity),
  ];
}

/** @throws INVALID_ARGUMENT when somebody wants to see a neuron that the model does not have. */
function neuronGroup(choice: NeuronChoice | undefined): FigureGroup {
  return {
    name: 'neurons over time',
    async draw(subject) {
      const activity = await activityOf(subject);
      if (activity !== undefined) return neuronFigures(activity, subject, choice);
      if (choice !== undefined)
        throw invalid('--neuron', 'a model with spiking layers', `${subject.model.title}, which has none`);
      return [];
    },
  };
}

/** The data resource element nearest to the middle of the grid. */
function middleOf({ slot }: Subject): number {
  const { dataMask } = slot.received;
  const half = Math.floor(dataMask.length / 2) + Math.floor(slot.received.shape.nSc / 2);
  const after = dataMask.indexOf(1, half);
  return after >= 0 ? after : Math.max(0, dataMask.lastIndexOf(1, half));
}

/** @param neuron the one to show in close-up; the liveliest one when left out */
export function spikingSections(neuron?: NeuronChoice): readonly Section[] {
  return [
    {
      id: 'neurons',
      title: 'Neurons',
      intro:
        'A leaky integrate-and-fire neuron adds up what its convolution gives it, forgets a little with each time step, and fires when it ' +
        'reaches its threshold.',
      groups: [neuronGroup(neuron)],
    },
    {
      id: 'spikes',
      title: 'Spikes',
      intro: 'How much fires, when, and where on the resource grid.',
      groups: [
        ofActivity('density of spikes', (activity) => [
          layerDensityFigure(activity),
          channelDensityFigure(activity),
        ]),
        ofActivity('timing of spikes', (activity, subject) => [
          timingFigure(activity),
          rasterFigure(activity, middleOf(subject)),
        ]),
        ofActivity('maps of spikes', (activity) => [
          spikeCountFigure(activity),
          ...activity.layers.map((layer) => spikeMapFigure(activity, layer)),
        ]),
      ],
    },
    {
      id: 'layers',
      title: 'Inside the layers',
      intro:
        'Convolution, SpikeNorm and SEW connection: what each part of a spiking layer makes of its input.',
      groups: [
        {
          name: 'filters',
          draw: ({ model }) => Promise.resolve(filtersOf(model).map(filterFigure)),
        },
        ofActivity('feature maps', (activity) =>
          activity.layers.map((layer) => featureMapFigure(activity, layer)),
        ),
        ofActivity('SpikeNorm', (activity, { model }) => {
          const network = trainedNetwork(model);
          return network === undefined ? [] : [normFigure(network, activity)];
        }),
        ofActivity('SEW blocks', (activity, { model }) => {
          const connection = model.network?.connection ?? 'add';
          const blocks = blocksOf(activity, connection);
          return blocks.length === 0
            ? []
            : [
                sewActivityFigure(blocks, activity.timeSteps),
                sewOutputFigure(blocks, connection),
                varianceFigure(blocks, activity.timeSteps),
              ];
        }),
      ],
    },
  ];
}
