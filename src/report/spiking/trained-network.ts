/** The weights of a report's model before folding. */
import { foldLayer } from '../../nn/fold.js';
import type { TrainedNetwork } from '../../nn/service-graph.js';
import { spikingLayers } from '../../nn/spikingrx.js';
import { readNodes } from '../../onnx/model-nodes.js';
import { networkOf } from '../../train/checkpoint.js';
import type { SubjectModel } from '../model.js';

/** float32 rounding of the folding. */
const TOLERANCE = 1e-4;

/**
 * The network of the checkpoint beside the model file.
 * @returns undefined when there is none, or when its weights, folded, are not those of the file: a checkpoint of
 *   another run says nothing about this model.
 */
export function trainedNetwork({ bytes, checkpoint }: SubjectModel): TrainedNetwork | undefined {
  if (!checkpoint) return undefined;
  const network = networkOf(checkpoint);
  const { config, weights, statistics } = network;
  const { initializers } = readNodes(bytes);
  const same = spikingLayers(config).every((layer) => {
    const folded = foldLayer(config, layer, weights, statistics).convolutions[0]?.weight;
    const inFile = initializers.get(`${layer.name}.weight.0`)?.floats();
    return (
      folded?.length === inFile?.length &&
      folded?.every((weight, i) => {
        const own = inFile?.[i] as number;
        return Math.abs(weight - own) <= TOLERANCE * (1 + Math.abs(own));
      })
    );
  });
  return same ? network : undefined;
}
