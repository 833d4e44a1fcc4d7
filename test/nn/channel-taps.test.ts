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

function kinds(bytes: Uint8Array): string[] {
  return findChannelTaps(readNodes(bytes)).map(({ kind, halfWidth }) => `${kind} ${halfWidth}`);
}

describe('channel taps', () => {
  it('name each kernel and what the spikes make of the widest', () => {
    expect(kinds(model(true))).toEqual(['features 3', 'features 5', 'features 12', 'refined 12']);
    expect(kinds(model(false))).toEqual(['features 3', 'features 5', 'features 12']);
  });

  it('are the true channel of a flat one without noise, in units of the RMS of the grid', async () => {
    const bytes = model(true);
    const slots = drawSlots(1, 92, { snrDb: 200, channel: 'rayleigh' });
    const taps = findChannelTaps(readNodes(bytes)).filter(({ kind }) => kind === 'features');
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
