import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SpikingRxError } from '#errors.js';
import { loadTrainConfig, parseTrainConfig } from '#train/config.js';

const BASE = { name: 'rx', version: '1' };

describe('parseTrainConfig', () => {
  it('fills in every default', () => {
    const config = parseTrainConfig(BASE);
    expect(config).toMatchObject({
      seed: 1,
      network: {
        modulation: 'QPSK',
        nRx: 2,
        beta: 0.9,
        threshold: 1,
        connection: 'add',
        normStatistics: 'per-step',
      },
      data: { snrDb: [-4, 16], dopplerHz: [0, 400], delaySpreadNanoseconds: [10, 300], dmrsTypes: [1] },
      optimiser: { beta1: 0.9, beta2: 0.999, clipNorm: 1 },
    });
    expect(parseTrainConfig({ ...BASE, network: { channels: 5 } }).network).toEqual({
      ...config.network,
      channels: 5,
    });
  });

  it('is idempotent, so that a checkpoint’s configuration reads as the one that made it', () => {
    const config = parseTrainConfig({ ...BASE, network: { nRx: 4 }, data: { nPrb: [1, 4] } });
    expect(parseTrainConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it.each<{ input: unknown; message: string }>([
    { input: { ...BASE, sede: 1 }, message: 'sede: expected no such key, received an unknown key' },
    {
      input: { ...BASE, network: { chanels: 3 } },
      message: 'network.chanels: expected no such key, received an unknown key',
    },
    {
      input: { ...BASE, network: { channels: '8' } },
      message: `network.channels: expected an integer, received "8"`,
    },
    {
      input: { ...BASE, network: { beta: 1 } },
      message: 'network.beta: expected less than 1, received 1',
    },
    {
      input: { ...BASE, network: { beta: 0, trainBeta: true } },
      message: 'network.beta: expected a positive number to start training from, received 0',
    },
    {
      input: { ...BASE, network: { dilations: [[1, 1], [2]] } },
      message: 'network.dilations[1][1]: expected an integer, received none',
    },
    {
      input: { ...BASE, network: { modulation: '8PSK' } },
      message: `network.modulation: expected one of QPSK, 16QAM, 64QAM, 256QAM, received "8PSK"`,
    },
    { input: { version: '1' }, message: 'name: expected a value, received none' },
    {
      input: { ...BASE, name: 'My Model' },
      message: `name: expected text of the form ^[a-z0-9][a-z0-9._-]*$, received "My Model"`,
    },
    {
      input: { ...BASE, optimiser: { steps: 0 } },
      message: 'optimiser.steps: expected at least 1, received 0',
    },
    {
      input: { ...BASE, data: { snrDb: [5, 1] } },
      message: 'data.snrDb: expected [lowest, highest], received [5, 1]',
    },
    {
      input: { ...BASE, data: { snrDb: [Number.NaN, 1] } },
      message: 'data.snrDb[0]: expected a number, received NaN',
    },
    {
      input: { ...BASE, data: { delaySpreadNanoseconds: [0, 100] } },
      message: 'data.delaySpreadNanoseconds: expected positive delays',
    },
    {
      input: { ...BASE, data: { dopplerHz: [-5, 100] } },
      message: 'data.dopplerHz: expected shifts from 0 Hz, received -5',
    },
    {
      input: { ...BASE, network: null },
      message: 'network: expected an object, received null',
    },
    {
      input: { ...BASE, network: { activation: 'relu' } },
      message: 'network.timeSteps: expected 1 with activation relu, received 2',
    },
    {
      input: { ...BASE, network: { activation: 'relu', timeSteps: 1, connection: 'and' } },
      message: 'network.connection: expected add with activation relu, received and',
    },
    {
      input: { ...BASE, network: { activation: 'relu', timeSteps: 1, trainBeta: true } },
      message: 'network.trainBeta: expected false with activation relu, which has no β, received true',
    },
    { input: null, message: 'configuration: expected an object, received null' },
    { input: 'text', message: `configuration: expected an object, received "text"` },
    {
      input: { ...BASE, data: { dmrsSymbols: [[2], [11, 2]] } },
      message: 'data.dmrsSymbols: expected ascending symbols, received [11, 2]',
    },
    {
      input: { ...BASE, data: { cdmGroupsWithoutData: [2, 3] } },
      message:
        'data.cdmGroupsWithoutData: expected at most 2 groups for DMRS type 1, at most 3 for type 2, ' +
        'received [2, 3] for types [1]',
    },
    {
      input: { ...BASE, data: { dmrsTypes: [1, 2], cdmGroupsWithoutData: [3] } },
      message: 'data.cdmGroupsWithoutData: expected at most 2 groups for DMRS type 1',
    },
  ])('refuses $input', ({ input, message }) => {
    expect(() => parseTrainConfig(input)).toThrow(SpikingRxError);
    expect(() => parseTrainConfig(input)).toThrow(message);
  });

  it('reads YAML', () => {
    const folder = mkdtempSync(join(tmpdir(), 'spikingrx-config-'));
    const path = join(folder, 'train.yaml');
    writeFileSync(path, 'name: rx\nversion: "1"\nseed: 7\nnetwork:\n  channels: 8\n');
    expect(loadTrainConfig(path)).toMatchObject({ name: 'rx', seed: 7, network: { channels: 8 } });
    writeFileSync(path, 'name: [rx\n');
    expect(() => loadTrainConfig(path)).toThrow(/train\.yaml: .*line 2/s);
    rmSync(folder, { recursive: true });
    expect(() => loadTrainConfig(path)).toThrow('cannot read the configuration: ENOENT');
  });
});
