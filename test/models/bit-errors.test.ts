import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dmrsCases } from '#evaluate/cases.js';
import { localRunner } from '#evaluate/chunk.js';
import { evaluateReceivers } from '#evaluate/evaluate.js';
import { conventionalReceiver, ModelReceiver } from '#evaluate/receivers.js';
import { loadTrainConfig, type TrainConfig } from '#train/config.js';
import { shipped } from './helpers/shipped.js';

const SEED = 77;

interface Trained {
  readonly name: string;
  readonly directory: string;
  readonly config: TrainConfig;
}
const models = shipped.map(({ name, version, folder }): Trained => {
  const directory = join(folder, version);
  return { name, directory, config: loadTrainConfig(join(directory, 'train.yaml')) };
});
/** Models for the same slots, which are then simulated once for all of them. */
const alike = new Map<string, Trained[]>();
for (const model of models) {
  const { network, data } = model.config;
  const slots = `${network.modulation}, ${network.nRx} Rx, ${data.snrDb.join(' to ')}`;
  alike.set(slots, [...(alike.get(slots) ?? []), model]);
}

describe.each([...alike])('%s dB', (_, group) => {
  const { network, data } = (group[0] as Trained).config;
  const [lowest, highest] = data.snrDb;
  const middle = (lowest + highest) / 2;

  it(`${group.map(({ name }) => name).join(', ')}: fewer bit errors than LS + LMMSE on profiles not trained on`, async () => {
    const receivers = await Promise.all(
      group.map(async ({ name, directory }) =>
        ModelReceiver.load(name, readFileSync(join(directory, 'model.onnx'))),
      ),
    );
    const points = await evaluateReceivers({
      runner: localRunner([
        conventionalReceiver('ls-lmmse'),
        conventionalReceiver('perfect-csi'),
        ...receivers,
      ]),
      cases: dmrsCases({ ...data, profiles: ['TDL-B', 'TDL-D'], nPrb: [4] }),
      // Around 10 % BLER and well above; the cards say how 64QAM fares beyond 25 dB.
      snrsDb: [lowest + 4, middle, middle + 4],
      link: { modulation: network.modulation, nRx: network.nRx },
      slots: 96,
      seed: SEED,
    });
    expect(points).toHaveLength(6);
    for (const point of points) {
      const [ls = 0, bound = 0, ...ours] = point.receivers.map(({ bitErrorRate }) => bitErrorRate);
      expect(ours).toHaveLength(group.length);
      for (const [i, rate] of ours.entries()) {
        expect(rate, group[i]?.name).toBeLessThan(ls);
        expect(rate, group[i]?.name).toBeGreaterThanOrEqual(bound);
      }
    }
    for (const receiver of receivers) await receiver.release();
  }, 120_000);
});
