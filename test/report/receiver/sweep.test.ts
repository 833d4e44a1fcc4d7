import { describe, expect, it } from 'vitest';
import { renderChart } from '#chart/render.js';
import { ModelReceiver } from '#evaluate/receivers.js';
import { encodeServiceModel } from '#nn/service-graph.js';
import { tapName, withTaps } from '#onnx/taps.js';
import { bitErrors } from '#phy/metrics.js';
import { sweepNeurons } from '#report/receiver/sweep.js';
import { sweepFigure } from '#report/receiver/sweep-figure.js';
import type { Subject } from '#report/subject.js';
import { at, momentsOf } from '../../support/matchers.js';
import { contractFeeds, drawSlots, networkConfig, trainedNetwork } from '../../support/networks.js';
import { outputOf, runModel } from '../../support/run-graph.js';

const OWN = { beta: 0.7, threshold: 1 };
const bytes = encodeServiceModel(trainedNetwork(networkConfig(OWN), 51), { name: 'swept', version: '1' });
const slots = drawSlots(2, 52, { nPrb: 1 });
const betas = [0.5, 0.7];
const thresholds = [0.8, 1, 4];

function sweep() {
  return sweepNeurons({ bytes, modulation: 'QPSK', own: OWN, betas, thresholds, slots }, () => {});
}

describe('a sweep of β and θ', () => {
  it('has the model itself among its points', async () => {
    const points = await sweep();
    expect(points.map(({ beta, threshold }) => [threshold, beta])).toEqual(
      thresholds.flatMap((threshold) => betas.map((beta) => [threshold, beta])),
    );
    const own = at(points, 3);
    const receiver = await ModelReceiver.load('swept', bytes);
    const llrs = await receiver.llrs(slots);
    const bits = slots.reduce((sum, slot) => sum + slot.bits.length, 0);
    const errors = slots.reduce((sum, slot, i) => sum + bitErrors(at(llrs, i), slot.bits), 0);
    expect(own.bitErrorRate).toBe(errors / bits);
    const taps = await runModel(withTaps(bytes, ['spikes']), contractFeeds(slots));
    const rates = [0, 1, 2].map(
      (step) => momentsOf(outputOf(taps, tapName('block2', step, 'spikes')).data).mean,
    );
    expect(own.firingRates.get('block2')).toBeCloseTo(momentsOf(rates).mean, 12);
    expect(own.firingRate).toBeCloseTo(momentsOf([...own.firingRates.values()]).mean, 12);
    await receiver.release();
  });

  it('has fewer spikes at the stem, which sees the same at any, the higher the threshold', async () => {
    const stem = (await sweep())
      .filter(({ beta }) => beta === 0.5)
      .map((point) => point.firingRates.get('stem'));
    expect(stem).toEqual(stem.toSorted((a = 0, b = 0) => b - a));
    expect(new Set(stem).size).toBe(thresholds.length);
  });

  it('is drawn with all its numbers behind it', async () => {
    const points = await sweep();
    const about = { model: { title: 'swept/1' }, slot: {} } as unknown as Subject;
    const figure = sweepFigure(about, { points, betas, thresholds, own: OWN });
    expect(figure.data.rows.length).toBe(6);
    expect(figure.data.columns).toContain('spikes_per_neuron_and_step: block2');
    const svg = renderChart(at(figure.frames, 0).option, { size: figure.size });
    for (const text of ['stem', 'block2', 'mean of the layers', 'GMI (bit per data RE)', 'θ = 1'])
      expect(svg).toContain(text);
  });
});
