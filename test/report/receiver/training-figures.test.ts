import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderChart } from '#chart/render.js';
import { bitErrors } from '#phy/metrics.js';
import type { Figure } from '#report/figure.js';
import { energyGroup } from '#report/receiver/energy.js';
import { firstKernels, mostChanged } from '#report/receiver/filter-change.js';
import { slotsLike } from '#report/receiver/receivers.js';
import { beforeAfterGroup, trainingCurveGroup } from '#report/receiver/training-figures.js';
import { beforeAndAfter, relativeChange, signedLlrs, TRAINING_SLOTS } from '#report/receiver/training.js';
import type { FigureGroup } from '#report/section.js';
import { type Subject, openSubject } from '#report/subject.js';
import { slotConfig } from '../../phy/helpers/slots.js';
import { at, momentsOf } from '../../support/matchers.js';

const { modulation: _, nRx: __, ...config } = slotConfig({ snrDb: 8, nPrb: 1 });
let subject: Subject;

beforeAll(async () => {
  const model = 'models/spikingrx-qpsk-2rx/2/model.onnx';
  subject = await openSubject(model, { kind: 'simulated', config, seed: 3 });
});
afterAll(() => subject.release());

/** The same model as a file without anything beside it. */
function alone(): Subject {
  return {
    ...subject,
    model: { ...subject.model, checkpoint: undefined, training: undefined, log: undefined },
  };
}

async function draw(group: FigureGroup, about: Subject = subject): Promise<readonly Figure[]> {
  const figures = await group.draw(about, () => {});
  for (const { frames, size } of figures)
    expect(renderChart(at(frames, 0).option, { size })).toContain('<svg');
  return figures;
}

describe('training', () => {
  it('is shown by its log', async () => {
    const [curve] = await draw(trainingCurveGroup);
    expect(curve?.data.columns).toEqual([...(subject.model.log?.keys() ?? [])]);
    expect(curve?.data.rows.length).toBe(subject.model.log?.get('step')?.length);
    expect(await draw(trainingCurveGroup, alone())).toEqual([]);
  });

  it('is shown by the network before it and after it', async () => {
    const { before, after, filters } = (await beforeAndAfter(subject)) ?? {};
    const slots = slotsLike(subject, TRAINING_SLOTS);
    const llrs = await Promise.all(slots.map((slot) => subject.infer(slot)));
    const errors = slots.reduce((sum, slot, i) => sum + bitErrors(at(llrs, i), slot.bits), 0);
    const bits = slots.reduce((sum, slot) => sum + slot.bits.length, 0);
    expect(after?.bitErrorRate).toBe(errors / bits);
    // Random weights decide hardly better than a coin; trained ones have 1 % wrong here.
    expect(before?.bitErrorRate).toBeGreaterThan(0.5 - 0.15);
    const start = [...(before?.firingRates.values() ?? [])].flat();
    expect(momentsOf(start).mean).toBeGreaterThan(0.1);
    expect(momentsOf(start).mean).toBeLessThan(0.4);
    expect(filters?.map(({ layer }) => layer)).toEqual([...(after?.firingRates.keys() ?? [])]);
    expect(filters?.every(({ change }) => change > 0.1)).toBe(true);
  });

  it('has figures for rates, LLRs and filters, and none where nothing is known of it', async () => {
    const figures = await draw(beforeAfterGroup);
    expect(figures.map(({ id }) => id)).toEqual([
      'training-firing-rates',
      'training-llrs',
      'training-filters',
    ]);
    expect(await draw(beforeAfterGroup, alone())).toEqual([]);
  });
});

describe('filters', () => {
  it('are cut out of a layer by their channels', () => {
    // Weight = 100·output + 10·input + tap/10.
    const weights = Float32Array.from({ length: 2 * 3 * 9 }, (_v, i) => {
      const kernel = Math.floor(i / 9);
      return 100 * Math.floor(kernel / 3) + 10 * (kernel % 3) + (i % 9) / 16;
    });
    const cut = firstKernels(weights, 3, 2, 2);
    expect([0, 9, 18, 35].map((i) => cut[i])).toEqual([0, 10, 100, 110.5]);
  });

  it('are shown of the block that moved most; the stem is no block', () => {
    expect(relativeChange(Float32Array.of(3, 4), Float32Array.of(3, 14))).toBe(2);
    const none = new Float32Array();
    const pairs = [3, 1, 2].map((change, i) => ({
      layer: i === 0 ? 'stem' : `block${i}`,
      outChannels: 1,
      inChannels: 1,
      before: none,
      after: none,
      change,
    }));
    expect(mostChanged(pairs).layer).toBe('block2');
  });

  it('LLRs are turned towards what was sent', () => {
    expect([...signedLlrs(Float32Array.of(1, 2, -3), Uint8Array.of(0, 1, 1))]).toEqual([1, -2, 3]);
  });
});

describe('operations', () => {
  it('are those of the slot, layer by layer, as the energy counts them', async () => {
    const [operations, energy] = (await draw(energyGroup)) as [Figure, Figure];
    const [layers, ac, mac] = [0, 1, 2].map((i) => operations.data.rows.map((row) => row[i]));
    expect(layers?.slice(0, 3)).toEqual(['features', 'stem', 'block1']);
    expect(ac?.slice(0, 2)).toEqual([0, 0]);
    expect(ac?.[2]).toBeGreaterThan(0);
    expect(mac?.[2]).toBe(0);
    for (const row of energy.data.rows) {
      const [, accumulates, multiplyAccumulates, , picojoules] = row as [
        string,
        number,
        number,
        number,
        number,
      ];
      expect(picojoules).toBeCloseTo(0.9 * accumulates + 4.6 * multiplyAccumulates, 3);
    }
  });

  it('of a foreign model are not counted', async () => {
    expect(await draw(energyGroup, { ...subject, model: { ...subject.model, network: undefined } })).toEqual(
      [],
    );
  });
});
