import { describe, expect, it } from 'vitest';
import type { SpikingRxConfig } from '#nn/config.js';
import { encodeServiceModel } from '#nn/service-graph.js';
import { NEURON_INPUTS, driveScaleOf, withNeuronInputs } from '#onnx/neuron-inputs.js';
import { TAP_KINDS, withTaps } from '#onnx/taps.js';
import { messageOf } from '../support/message-of.js';
import { contractFeeds, drawSlots, networkConfig, trainedNetwork } from '../support/networks.js';
import { runModel, tensorOf } from '../support/run-graph.js';

const FEEDS = contractFeeds(drawSlots(2, 81, { nPrb: 1 }));
const OWN = { beta: 0.8, threshold: 0.9 };

function model(settings: Partial<SpikingRxConfig>): Uint8Array {
  return encodeServiceModel(trainedNetwork(networkConfig(settings), 82), { name: 'tuned', version: '1' });
}

/** All taps and the LLRs with β and the scale of the drive from outside. */
function tuned(bytes: Uint8Array, wanted: typeof OWN) {
  const inputs = {
    [NEURON_INPUTS.beta]: tensorOf([], [wanted.beta]),
    [NEURON_INPUTS.driveScale]: tensorOf([], [driveScaleOf(wanted, OWN)]),
  };
  return runModel(withTaps(withNeuronInputs(bytes), TAP_KINDS), { ...FEEDS, ...inputs });
}

describe('inputs for the neurons', () => {
  it.each([{}, { normStatistics: 'shared' as const, connection: 'iand' as const }, { timeSteps: 1 }])(
    'with β and θ of the file give its own answers, bit for bit: %o',
    async (settings) => {
      const bytes = model({ ...settings, ...OWN });
      const own = await runModel(withTaps(bytes, TAP_KINDS), FEEDS);
      const same = await tuned(bytes, OWN);
      expect(Object.keys(same)).toEqual(Object.keys(own));
      for (const [name, { data }] of Object.entries(own)) expect(same[name]?.data).toHaveSameBits(data, name);
    },
  );

  it('with another β and θ give what a network with these would: the same folding, rounded elsewhere', async () => {
    const wanted = { beta: 0.6, threshold: 1.4 };
    const expected = await runModel(withTaps(model(wanted), TAP_KINDS), FEEDS);
    const actual = await tuned(model(OWN), wanted);
    // Scaling the drive or the weights before the sum differs in the last bits; no potential lies that near to θ.
    for (const [name, { data }] of Object.entries(expected))
      expect(actual[name]?.data).toBeAllClose(data, { absolute: 1e-4, relative: 1e-4, what: name });
    const before = await tuned(model(OWN), OWN);
    expect(before['llr']?.data).not.toBeAllClose(expected['llr']?.data ?? [], { absolute: 0.1 });
  });

  it('are not for a model without spikes', () => {
    const ann = model({ activation: 'relu', timeSteps: 1 });
    expect(messageOf(() => withNeuronInputs(ann))).toBe('β and θ: expected a model with spiking layers');
  });
});
