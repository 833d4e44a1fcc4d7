/** Which filters a report shows. */
import { featureNames } from '../../nn/features.js';
import { spikingLayers } from '../../nn/spikingrx.js';
import { dataOf } from '../../nn/context.js';
import { readNodes } from '../../onnx/model-nodes.js';
import type { SubjectModel } from '../model.js';
import type { Filters } from './filter-figures.js';
import { trainedNetwork } from './trained-network.js';

const FOLDED =
  'The weights are those of the model file, which has SpikeNorm and (1−β)/θ folded in, for the first time step: no checkpoint of ' +
  'this model lies beside it.';
const TRAINED =
  'The weights are those that were trained, before SpikeNorm is folded into them, from the checkpoint.';

/** The filters of the spiking layers: as trained where a checkpoint of the model is there, as served otherwise. */
export function filtersOf(model: SubjectModel): Filters[] {
  if (model.network === undefined) return [];
  const trained = trainedNetwork(model);
  const { initializers } = readNodes(model.bytes);
  const features = featureNames(model.network);
  return spikingLayers(model.network).flatMap((layer): Filters[] => {
    const weights = trained
      ? dataOf(trained.weights, `${layer.name}.conv.weight`)
      : initializers.get(`${layer.name}.weight.0`)?.floats();
    if (weights === undefined) return [];
    return [
      {
        layer: layer.name,
        weights,
        shape: [layer.outChannels, layer.inChannels, 3, 3],
        dilation: layer.dilation,
        ...(layer.name === 'stem' && { inputs: features }),
        origin: trained ? TRAINED : FOLDED,
      },
    ];
  });
}
