import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initialise } from '#nn/parameters.js';
import { encodeServiceModel } from '#nn/service-graph.js';
import { parameterSpecs, runningStatisticSpecs } from '#nn/spikingrx.js';
import { Random } from '#phy/random.js';
import { parseTrainConfig } from '#train/config.js';

export const MODEL_NAME = 'spikingrx-qpsk-2rx';

export interface TemporaryModels {
  readonly directory: string;
  remove(): void;
}

/** A model repository with one small untrained QPSK model for two antennas: quick, and wrong half the time. */
export function temporaryModels(): TemporaryModels {
  const { network } = parseTrainConfig({
    name: MODEL_NAME,
    version: '1',
    network: { channels: 4, readoutWidth: 4, dilations: [[1, 1]] },
  });
  const random = Random.fromSeed(1);
  const weights = initialise(parameterSpecs(network), random);
  const statistics = initialise(runningStatisticSpecs(network), random);
  const directory = mkdtempSync(join(tmpdir(), 'spikingrx-models-'));
  const folder = join(directory, MODEL_NAME, '1');
  mkdirSync(folder, { recursive: true });
  const bytes = encodeServiceModel(
    { config: network, weights, statistics },
    { name: MODEL_NAME, version: '1' },
  );
  writeFileSync(join(folder, 'model.onnx'), bytes);
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
