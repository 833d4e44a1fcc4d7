import { describe, expect, it } from 'vitest';
import { gradients } from '#grad/differentiate.js';
import type { SpikingRxConfig } from '#nn/config.js';
import { type BuildContext, initializerSource } from '#nn/context.js';
import { contractInputs, parameterSpecs, plainLayers, scaledLayers, spikingRx } from '#nn/spikingrx.js';
import { GraphBuilder } from '#onnx/builder.js';
import { momentsOf } from '../support/matchers.js';
import { contractFeeds, drawSlots, networkConfig, trainedNetwork } from '../support/networks.js';
import { type Tensor, outputOf, runGraph } from '../support/run-graph.js';

const SLOTS = drawSlots(2, 31, { nPrb: 1 });

/** LLRs, spikes and the gradient of Σ llr² with respect to every parameter, batch statistics. */
async function forwardAndBackward(config: SpikingRxConfig, layers: typeof plainLayers) {
  const g = new GraphBuilder('training');
  const specs = parameterSpecs(config);
  const parameter = initializerSource(g, specs, trainedNetwork(config, 32).weights);
  const normalisation: BuildContext['normalisation'] = { kind: 'batch', observe: () => undefined };
  const context = { g, parameter, normalisation };
  const pass = spikingRx(
    { g, parameter, layers: layers(context, config) },
    config,
    contractInputs(g, 2, [2, 14, 12]),
  );
  const loss = g.reduceMean(g.mul(pass.llr, pass.llr), [0, 1, 2, 3]);
  const slopes = gradients(
    g,
    loss,
    specs.map(({ name }) => parameter(name)),
  );
  g.output(pass.llr, 'llr');
  slopes.forEach((slope, i) => g.output(slope, `gradient/${specs[i]?.name}`));
  for (const [layer, steps] of pass.spikes)
    steps.forEach((step, t) => g.output(step, `spikes/${layer}/${t}`));
  const outputs = await runGraph(g, contractFeeds(SLOTS));
  const under = (prefix: string): [string, Tensor][] =>
    Object.entries(outputs).filter(([name]) => name.startsWith(prefix));
  const named = (name: string): Tensor => outputOf(outputs, name);
  return { llr: named('llr'), gradients: under('gradient/'), spikes: under('spikes/'), named };
}

describe('the trainer’s scaled layers', () => {
  it.each<{ name: string; settings: Partial<SpikingRxConfig> }>([
    { name: 'defaults', settings: {} },
    { name: 'θ = 0.6, drive 7, a = 0.7', settings: { threshold: 0.6, driveGain: 7, surrogateWidth: 0.7 } },
    { name: 'θ = 2.5, trained β', settings: { threshold: 2.5, driveGain: 40, trainBeta: true } },
    { name: 'IAND, β = 0.5', settings: { connection: 'iand', beta: 0.5, driveGain: 3 } },
  ])('equal the plain layers in spikes, LLRs and gradients: $name', async ({ settings }) => {
    const config = networkConfig({ timeSteps: 2, channels: 4, ...settings });
    const plain = await forwardAndBackward(config, plainLayers);
    const scaled = await forwardAndBackward(config, scaledLayers);
    for (const [name, { data }] of scaled.spikes) expect(data).toHaveSameBits(plain.named(name).data, name);
    expect(scaled.llr.data).toBeAllClose(plain.llr.data, { absolute: 1e-4, what: 'LLRs' });
    for (const [name, { data }] of scaled.gradients) {
      const reference = plain.named(name).data;
      const largest = reference.reduce((m, x) => Math.max(m, Math.abs(x)), 0);
      // float32 sums over 2·14·12 elements, several layers deep.
      expect(data).toBeAllClose(reference, { absolute: 1e-4 * largest + 1e-6, what: name });
      // A bias before a norm has no effect, so no gradient; all others must have one for this to say anything.
      expect(largest > 1e-5 || name.endsWith('conv.bias')).toBe(true);
    }
    expect(momentsOf(scaled.spikes.flatMap(([, { data }]) => [...data])).mean).toBeGreaterThan(0.03);
  });
});
