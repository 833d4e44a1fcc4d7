/** A network as it is before its first training step. */
import { createSession } from '../engine/session.js';
import { initializerSource } from '../nn/context.js';
import { unflatten } from '../nn/parameters.js';
import type { TrainedNetwork } from '../nn/service-graph.js';
import {
  contractInputs,
  parameterSpecs,
  plainLayers,
  runningStatisticSpecs,
  spikingRx,
} from '../nn/spikingrx.js';
import { GraphBuilder } from '../onnx/builder.js';
import { TENSOR_NAMES } from '../onnx/contract.js';
import { encodeModel } from '../onnx/model-file.js';
import type { Slot } from '../phy/slot.js';
import { initialCheckpoint, networkOf } from './checkpoint.js';
import type { TrainConfig } from './config.js';
import { assembleBatch } from './data.js';
import { MomentCollector } from './step-graph.js';

/**
 * The network with the parameters that its seed draws, and with the statistics of one batch: before the first step
 * the running ones are none, and training normalises by the batch.
 * @param slots of one shape, for the network's modulation and antennas
 */
export async function untrainedNetwork(config: TrainConfig, slots: readonly Slot[]): Promise<TrainedNetwork> {
  const start = networkOf(initialCheckpoint(config));
  const { network } = config;
  const { batch, nSym, nSc, rxGrid, dmrs } = assembleBatch(slots);
  const session = await createSession(batchStatisticsGraph(start));
  try {
    const { statistics } = await session.run({
      [TENSOR_NAMES.rxGrid]: { type: 'float32', data: rxGrid, dims: [batch, 2 * network.nRx, nSym, nSc] },
      [TENSOR_NAMES.dmrs]: { type: 'float32', data: dmrs, dims: [batch, 2, nSym, nSc] },
    });
    return {
      ...start,
      statistics: unflatten(runningStatisticSpecs(network), statistics?.data as Float32Array),
    };
  } finally {
    await session.release();
  }
}

/** The contract's inputs in, `statistics` `[S]` out. */
function batchStatisticsGraph({ config, weights }: TrainedNetwork): Uint8Array {
  const g = new GraphBuilder('spikingrx_batch_statistics');
  const parameter = initializerSource(g, parameterSpecs(config), weights);
  const collector = new MomentCollector();
  const context = { g, parameter, normalisation: { kind: 'batch', observe: collector.observe } } as const;
  spikingRx({ g, parameter, layers: plainLayers(context, config) }, config, contractInputs(g, config.nRx));
  g.output(collector.flatten(g, config), 'statistics');
  return encodeModel(g);
}
