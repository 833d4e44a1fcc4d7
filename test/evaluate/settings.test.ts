import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type EvaluationFlags, evaluationSettings } from '#evaluate/settings.js';
import { encodeServiceModel } from '#nn/service-graph.js';
import { networkConfig, trainedNetwork } from '../support/networks.js';
import { tinyTraining } from '../support/training.js';
import { FLAGS } from './helpers/setup.js';

const directory = mkdtempSync(join(tmpdir(), 'spikingrx-settings-'));
afterAll(() => rmSync(directory, { recursive: true }));

const training = { data: tinyTraining({ data: { dopplerHz: [0, 40], nPrb: [3] } }).data };
const network = trainedNetwork(networkConfig({ dilations: [[1, 1]] }), 1);
const [FIRST, SECOND] = ['1', '2'].map((version) => {
  const path = join(directory, `${version}.onnx`);
  writeFileSync(path, encodeServiceModel(network, { name: 'small', version, training }));
  return path;
}) as [string, string];

const settings = (change: Partial<EvaluationFlags> = {}) =>
  evaluationSettings({ ...FLAGS, receivers: 'ls-lmmse,lmmse,perfect-csi', ...change });

describe('receivers', () => {
  it('are the conventional ones alone, with QPSK, two antennas and the default scenario', async () => {
    const { receivers, link, cases, snrsDb, caption } = await settings();
    expect(receivers.map(({ name }) => name)).toEqual(['LS + LMMSE', 'LMMSE + LMMSE', 'perfect CSI']);
    expect(link).toMatchObject({ modulation: 'QPSK', nRx: 2, mcs: { targetCodeRate: 526 / 1024 } });
    expect(cases.length).toBe(4);
    expect(snrsDb).toEqual([0, 4]);
    expect(caption).toBe('QPSK, 2 Rx, MCS 7 of table 1 (R = 0.514)');
  });

  it('are several models by name and version or by the names given, on what the first was trained on', async () => {
    const two = await settings({ model: [FIRST, `other=${SECOND}`], receivers: 'none' });
    expect(two.receivers.map(({ name }) => name)).toEqual(['small/1', 'other']);
    expect(two.cases[0]?.scenario).toMatchObject({ nPrb: [3], dopplerHz: [0, 10] });
    const [one, again] = [await settings({ model: [FIRST] }), await settings({ model: [SECOND] })];
    expect(one.receivers[0]?.name).toBe('SpikingRx');
    expect(again.fingerprint).not.toEqual(one.fingerprint);
  });
});

describe('cases', () => {
  it('follow the flags', async () => {
    const { cases } = await settings({
      case: 'mix',
      profiles: 'TDL-A,TDL-C300',
      doppler: '10,20',
      delaySpread: '30',
      dmrs: ['2', '2,11'],
      dmrsType: '1,2',
      cdmGroups: '2,3',
      prb: '4,24',
    });
    expect(cases).toEqual([
      {
        name: 'mix',
        scenario: {
          profiles: ['TDL-A', 'TDL-C300'],
          dopplerHz: [10, 20],
          delaySpreadNanoseconds: [30, 30],
          dmrsSymbols: [[2], [2, 11]],
          dmrsTypes: [1, 2],
          cdmGroupsWithoutData: [2, 3],
          nPrb: [4, 24],
          snrDb: [-4, 16],
          subcarrierSpacingHz: 30_000,
        },
      },
    ]);
  });

  it('are the DMRS sets alone when the Doppler is given or the channel has none', async () => {
    for (const change of [{ doppler: '0,5' }, { profiles: 'awgn' }])
      expect((await settings(change)).cases.map(({ name }) => name)).toEqual(['DMRS 2', 'DMRS 2, 11']);
    expect((await settings({ profiles: 'rayleigh' })).cases[0]?.channel).toBe('rayleigh');
  });
});

describe('impossible values are refused with the flag, what it takes and what came', () => {
  it.each<[Partial<EvaluationFlags>, string]>([
    [{ snr: '1,,2' }, '--snr: expected numbers separated by commas, received 1,,2'],
    [{ slots: '0' }, '--slots: expected an integer from 1, received 0'],
    [{ blockErrors: '1.5' }, '--block-errors: expected an integer from 1, received 1.5'],
    [{ seed: 'x' }, '--seed: expected an integer from 0, received x'],
    [{ doppler: '400,0' }, '--doppler: expected lowest,highest in Hz, from 0, in this order, received 400,0'],
    [
      { delaySpread: '0,3' },
      '--delay-spread: expected lowest,highest in ns, from 1, in this order, received 0,3',
    ],
    [
      { dmrs: ['11,2'] },
      '--dmrs: expected ascending whole numbers from 0 to 13, for example 2,11, received 11,2',
    ],
    [{ prb: '274' }, '--prb: expected ascending whole numbers from 1 to 273, for example 4,24, received 274'],
    [
      { cdmGroups: '3' },
      '--cdm-groups: expected ascending whole numbers from 1 to 2, for example 1,2, received 3',
    ],
    [
      { dmrsType: '3' },
      '--dmrs-type: expected ascending whole numbers from 1 to 2, for example 1,2, received 3',
    ],
    [{ dmrsType: '1,2', cdmGroups: '3' }, '--cdm-groups: expected 1 or 2 among them, for type 1, received 3'],
    [{ mcs: '29' }, '--mcs: expected an integer from 0 to 28, received 29'],
    [{ mcs: '14' }, '--mcs: expected an index of table 1 with QPSK, received 14 (16QAM)'],
    [{ mcs: '3', uncoded: true }, '--mcs: expected no MCS with --uncoded, received 3'],
    [{ mcsTable: '2' }, '--mcs-table: expected --mcs beside it, received none'],
    [{ mcs: '3', mcsTable: '4' }, '--mcs-table: expected an integer from 1 to 3, received 4'],
    [{ modulation: '8PSK' }, '--modulation: expected one of QPSK, 16QAM, 64QAM, 256QAM, received 8PSK'],
    [{ rx: '0' }, '--rx: expected an integer from 1 to 64, received 0'],
    [
      { receivers: 'mmse' },
      '--receivers: expected some of ls-plain, ls-lmmse, lmmse, perfect-csi, or none, received mmse',
    ],
    [{ receivers: 'none' }, '--model, --service, --receivers: expected at least one receiver, received none'],
    [{ service: ['localhost'] }, '--service: expected host:port or host:port/model, received localhost'],
    [{ model: [FIRST], rx: '4' }, '--rx: expected 2, for which small/1 is made, received 4'],
    [
      { model: [FIRST], modulation: '16QAM' },
      '--modulation: expected QPSK, for which small/1 is made, received 16QAM',
    ],
    [
      { model: [`a=${FIRST}`, `a=${SECOND}`] },
      '--model: expected a name of its own for each receiver (--model name=file), received a twice',
    ],
  ])('%j', async (change, message) => {
    await expect(settings(change)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', message });
  });

  it('profiles, with the names there are', async () => {
    await expect(settings({ profiles: 'TDL-A,awgn' })).rejects.toThrow(
      /--profiles: expected some of TDL-A, .*TDL-A,awgn/,
    );
  });

  it('files that are not there or no models', async () => {
    await expect(settings({ model: [join(directory, 'none.onnx')] })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const path = join(directory, 'text.onnx');
    writeFileSync(path, 'text');
    await expect(settings({ model: [path] })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringMatching(/^--model .*text\.onnx: not an ONNX model/),
    });
  });
});
