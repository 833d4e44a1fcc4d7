import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dmrsCases } from '#evaluate/cases.js';
import { localRunner } from '#evaluate/chunk.js';
import { evaluateReceivers } from '#evaluate/evaluate.js';
import { conventionalReceiver, ModelReceiver } from '#evaluate/receivers.js';
import { encodeServiceModel } from '#nn/service-graph.js';
import { readModelContract } from '#onnx/contract.js';
import { loadCheckpoint, networkOf } from '#train/checkpoint.js';
import { loadTrainConfig } from '#train/config.js';

const SEED = 77;
const folders = (directory: string): string[] =>
  readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
/** What is served by default, and what figures compare with. */
const shipped = ['models', join('bench', 'models')].flatMap((root) =>
  folders(root).flatMap((name) =>
    folders(join(root, name)).map((version) => ({ name, version, folder: join(root, name) })),
  ),
);

it('ships receivers for QPSK, 16QAM and 64QAM with two antennas, and for QPSK and 16QAM with one', () => {
  const names = shipped.map(({ name }) => name);
  for (const kind of ['qpsk-2rx', '16qam-2rx', '64qam-2rx', 'qpsk-1rx', '16qam-1rx'])
    expect(names).toContain(`spikingrx-${kind}`);
});

describe.each(shipped)('$name, version $version', ({ name, version, folder }) => {
  const directory = join(folder, version);
  const file = readFileSync(join(directory, 'model.onnx'));
  const config = loadTrainConfig(join(directory, 'train.yaml'));

  it('is the export of its checkpoint, and that of its configuration', () => {
    const checkpoint = loadCheckpoint(join(directory, 'checkpoint.bin'));
    expect(config).toMatchObject({ name, version });
    expect(checkpoint.config).toEqual(config);
    expect(checkpoint.step).toBe(config.optimiser.steps);
    const { training } = readModelContract(file).config as { training: Record<string, unknown> };
    expect(training).toMatchObject({ steps: checkpoint.step, seed: config.seed });
    const identity = { name, version, training };
    expect(Buffer.compare(encodeServiceModel(networkOf(checkpoint), identity), file)).toBe(0);
  });

  it('can be trained again from what is here, and shows its course', () => {
    if (config.startFrom !== undefined) expect(existsSync(join(directory, config.startFrom))).toBe(true);
    const steps = readFileSync(join(directory, 'train-log.csv'), 'utf8').trim().split('\n').at(-1);
    expect(Number(steps?.split(',')[0])).toBe(config.optimiser.steps);
    for (const path of [join(directory, 'figures', 'training.svg'), join(folder, 'README.md')])
      expect(existsSync(path)).toBe(true);
  });

  it('has fewer bit errors than LS + LMMSE on profiles it was not trained on', async () => {
    const model = await ModelReceiver.load(name, file);
    const { modulation, nRx } = config.network;
    const [lowest, highest] = config.data.snrDb;
    const middle = (lowest + highest) / 2;
    const heldOut = { ...config.data, profiles: ['TDL-B' as const, 'TDL-D' as const], nPrb: [4] };
    const points = await evaluateReceivers({
      runner: localRunner([model, conventionalReceiver('ls-lmmse'), conventionalReceiver('perfect-csi')]),
      cases: dmrsCases(heldOut),
      // Around 10 % BLER and well above; the cards say how 64QAM fares beyond 25 dB.
      snrsDb: [lowest + 4, middle, middle + 4],
      link: { modulation, nRx },
      slots: 96,
      seed: SEED,
    });
    expect(points).toHaveLength(6);
    for (const { receivers } of points) {
      const [ours = 0, ls = 0, bound = 0] = receivers.map(({ bitErrorRate }) => bitErrorRate);
      expect(ours).toBeLessThan(ls);
      expect(ours).toBeGreaterThanOrEqual(bound);
    }
    await model.release();
  });
});
