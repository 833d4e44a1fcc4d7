import { describe, expect, it } from 'vitest';
import { findChannelTaps } from '#nn/channel-taps.js';
import { encodeServiceModel } from '#nn/service-graph.js';
import { readNodes, withOutputs } from '#onnx/model-nodes.js';
import { at, momentsOf } from '../support/matchers.js';
import { contractFeeds, drawSlots, networkConfig, trainedNetwork } from '../support/networks.js';
import { outputOf, runModel } from '../support/run-graph.js';

function model(channelRefinement: boolean): Uint8Array {
  const config = networkConfig({ channelRefinement, frequencyHalfWidths: [3, 5, 12] });
  return encodeServiceModel(trainedNetwork(config, 91), { name: 'estimating', version: '1' });
}

function halfWidths(bytes: Uint8Array): number[] {
  return findChannelTaps(readNodes(bytes)).map(({ halfWidth }) => halfWidth);
}

describe('channel taps', () => {
  it('name each kernel by its half-width', () => {
    expect(halfWidths(model(true))).toEqual([3, 5, 12]);
    expect(halfWidths(model(false))).toEqual([3, 5, 12]);
  });

  it('are the true channel of a flat one without noise, in units of the RMS of the grid', async () => {
    const bytes = model(true);
    const slots = drawSlots(1, 92, { snrDb: 200, channel: 'rayleigh' });
    const taps = findChannelTaps(readNodes(bytes));
    const outputs = new Map(taps.map(({ halfWidth, value }) => [`kernel ${halfWidth}`, value]));
    const results = await runModel(withOutputs(bytes, outputs), contractFeeds(slots));
    const { rxGrid, channel } = at(slots, 0);
    const rms = Math.sqrt(2 * momentsOf(rxGrid.map((x) => x * x)).mean);
    for (const name of outputs.keys())
      expect(outputOf(results, name).data).toBeAllClose(
        channel.map((h) => h / rms),
        { absolute: 1e-5, what: name },
      );
  });

  it('are none in a file without these features', () => {
    expect(findChannelTaps({ nodes: [], initializers: new Map(), producers: new Map() })).toEqual([]);
  });
});
