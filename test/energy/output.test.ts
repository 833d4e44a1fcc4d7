import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publish } from '#energy/command.js';
import { countEnergy } from '#energy/count.js';
import { formatEnergyCsv } from '#energy/csv.js';
import { requiredSnrs } from '#energy/error-rates.js';
import { renderEnergy, renderFiringRates } from '#energy/figures.js';
import { formatEnergyMarkdown } from '#energy/markdown.js';
import type { EnergyReport } from '#energy/report.js';
import { type EnergyFlags, energySettings } from '#energy/settings.js';
import type { SpikingRxConfig } from '#nn/config.js';
import { encodeServiceModel } from '#nn/service-graph.js';
import { at } from '../support/matchers.js';
import { networkConfig, trainedNetwork } from '../support/networks.js';
import { tinyTraining } from '../support/training.js';
import { FLAGS } from './helpers/flags.js';

const directory = mkdtempSync(join(tmpdir(), 'spikingrx-energy-output-'));
afterAll(() => rmSync(directory, { recursive: true }));

function write(version: string, settings: Partial<SpikingRxConfig> = {}): string {
  const path = join(directory, `${version}.onnx`);
  const training = { data: tinyTraining({ data: { dopplerHz: [0, 40], nPrb: [3] } }).data };
  const network = trainedNetwork(networkConfig(settings), 1);
  writeFileSync(path, encodeServiceModel(network, { name: 'small', version, training }));
  return path;
}
const [FIRST, SECOND] = [write('1', { timeSteps: 1 }), write('2', { timeSteps: 3 })];
const settings = (change: Partial<EnergyFlags> = {}) => energySettings({ ...FLAGS, ...change });

const BLOCKS = 1e6;

/** An evaluation's folder with BLER curves that cross 10 % at `snrDb`. */
function evaluation(name: string, receivers: Readonly<Record<string, number>>, sha256?: string): string {
  const path = join(directory, name);
  mkdirSync(path);
  const points = [0, 1].map((step) => ({
    case: 'DMRS 2',
    snrDb: step * 4,
    slots: BLOCKS,
    bits: BLOCKS,
    receivers: Object.entries(receivers).map(([receiver, crossing]) => {
      // One decade over 4 dB, through 10 % at the crossing.
      const blockErrors = Math.round(BLOCKS * 0.1 * 10 ** ((crossing - 4 * step) / 4));
      return { name: receiver, blocks: BLOCKS, blockErrors, blockErrorRate: blockErrors / BLOCKS };
    }),
  }));
  writeFileSync(join(path, 'points.json'), JSON.stringify(points));
  if (sha256 !== undefined) {
    const known = Object.keys(receivers).map((receiver) => ({ kind: 'model', name: receiver, sha256 }));
    writeFileSync(join(path, 'configuration.json'), JSON.stringify({ format: 1, receivers: known }));
  }
  return path;
}

describe('settings', () => {
  it('are those of the first model’s training, with what the flags change', () => {
    const plain = settings({ model: [FIRST] });
    expect(plain.models.map(({ spec }) => spec.name)).toEqual(['SpikingRx']);
    expect(plain.scenario.dopplerHz).toEqual([0, 40]);
    expect(plain.receiver).toEqual({ modulation: 'QPSK', nRx: 2, nPrb: 1 });
    expect(plain.caption).toBe('QPSK, 2 Rx, 1 PRB, DMRS 2 or 2, 11; 3 slots at each of 0, 6 dB, seed 1');
    const changed = settings({
      model: [FIRST, `b=${SECOND}`],
      dmrs: ['3'],
      doppler: '5',
      prb: '6',
      snr: '4',
    });
    expect(changed.models.map(({ spec }) => spec.name)).toEqual(['small/1', 'b']);
    expect(changed.scenario).toMatchObject({ dmrsSymbols: [[3]], dopplerHz: [5, 5] });
    expect(changed.caption).toBe('QPSK, 2 Rx, 6 PRB, DMRS 3; 3 slots at 4 dB, seed 1');
  });

  it('that do not fit are refused by the flag’s name', () => {
    const other = write('3', { modulation: '16QAM' });
    const refusals: [Partial<EnergyFlags>, string][] = [
      [{}, '--model: expected at least one model, received none'],
      [{ model: [FIRST, other] }, 'expected models for QPSK and 2 Rx like small/1'],
      [{ model: [`a=${FIRST}`, `a=${SECOND}`] }, 'a twice'],
      [{ model: [FIRST], prb: '2,4' }, '--prb: expected an integer from 1 to 273, received 2,4'],
      [{ model: [FIRST], slots: '0' }, '--slots: expected an integer from 1'],
      [{ model: [FIRST], snr: 'high' }, '--snr: expected numbers'],
      [{ model: [join(directory, 'none.onnx')] }, '--model: cannot read the model'],
    ];
    for (const [change, message] of refusals) expect(() => settings(change)).toThrow(message);
  });
});

describe('the SNR at 10 % BLER', () => {
  const models = [
    { name: 'a', sha256: 'aa' },
    { name: 'b', sha256: 'bb' },
  ];

  it('is that of the receiver with the model’s name, from a folder or a file', () => {
    const path = evaluation('named', { a: 1, 'LS + LMMSE': 3 });
    for (const where of [path, join(path, 'points.json')]) {
      const [a, b] = requiredSnrs([where], models);
      expect(a?.['DMRS 2']).toBeCloseTo(1, 1);
      expect(b).toEqual({});
    }
  });

  it('is that of the model itself where the evaluation says which one it was', () => {
    const [first, second] = [
      evaluation('only-a', { SpikingRx: 1 }, 'aa'),
      evaluation('only-b', { SpikingRx: 3 }, 'bb'),
    ];
    const [a, b] = requiredSnrs([first, second], models);
    expect(a?.['DMRS 2']).toBeCloseTo(1, 1);
    expect(b?.['DMRS 2']).toBeCloseTo(3, 1);
    const stale = evaluation('stale', { a: 1 }, 'cc');
    expect(() => requiredSnrs([stale], models)).toThrow(/model a with SHA-256 aa, received one with cc/);
  });

  it('is null where the curve does not cross', () => {
    expect(requiredSnrs([evaluation('beyond', { a: 9 })], models)[0]).toEqual({ 'DMRS 2': null });
  });

  it('is refused of what is no coded evaluation', () => {
    expect(() => requiredSnrs([join(directory, 'nowhere')], models)).toThrow('--evaluation: cannot read');
    const path = join(directory, 'other.json');
    writeFileSync(path, '{"a": 1}');
    expect(() => requiredSnrs([path], models)).toThrow('expected the points of an evaluation');
    const point = { case: 'c', snrDb: 0, receivers: [{ name: 'a' }] };
    writeFileSync(path, JSON.stringify([point]));
    expect(() => requiredSnrs([path], models)).toThrow('expected block error rates');
  });
});

/** Cells of a row of a Markdown table. */
function cells(row: string | undefined): string[] {
  return (row ?? '').split('|').map((cell) => cell.trim());
}

describe('a report', () => {
  let report: EnergyReport;
  beforeAll(async () => {
    const path = evaluation('beside', { 'small/1': 1, three: 9 });
    report = await countEnergy(settings({ model: [FIRST, `three=${SECOND}`], evaluation: [path] }));
  });

  it('has the models side by side with their BLER in Markdown, then every layer and step', () => {
    const text = formatEnergyMarkdown(report);
    const rows = text.split('\n').filter((line) => line.startsWith('|'));
    expect([rows[2], rows[3]].map((row) => cells(row).slice(1, 3))).toEqual([
      ['small/1', '1'],
      ['three', '3'],
    ]);
    const beside = text
      .slice(text.indexOf('10 % BLER'))
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const head = cells(beside[0]);
    for (const [row, t, snr] of [
      [beside[2], '1', '1.00'],
      [beside[3], '3', 'outside'],
    ] as const) {
      expect(cells(row)[head.indexOf('T')]).toBe(t);
      expect(cells(row)[head.indexOf('DMRS 2')]).toBe(snr);
    }
    const steps = rows.filter((row) => /^\| (stem|block\d), \d/.test(row));
    expect(steps.length).toBe(3 * (1 + 3));
    expect(text).toContain('estimate');
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('has a row for each model, SNR, layer and step in CSV', () => {
    const [head = '', ...rows] = formatEnergyCsv(report).trimEnd().split('\r\n');
    const columns = head.split(',');
    // Five layers, three of them with steps; two SNRs and all together.
    expect(rows.length).toBe(3 * (5 + 3 * 1) + 3 * (5 + 3 * 3));
    for (const row of rows) expect(row.split(',').length).toBe(columns.length);
    const found = rows
      .map((row) => Object.fromEntries(row.split(',').map((cell, i) => [at(columns, i), cell])))
      .find(
        (row) =>
          row['model'] === 'three' &&
          row['layer'] === 'block2' &&
          row['snr_db'] === '6' &&
          row['step'] === '2',
      );
    const layer = report.models[1]?.parts[1]?.layers.find(({ name }) => name === 'block2');
    const step = layer?.steps[1];
    expect(Number(found?.['firing_rate'])).toBe(step?.firingRate);
    expect(Number(found?.['ac'])).toBe(step?.input?.accumulates);
    expect(found?.['mac']).toBe('');
  });

  it('has figures with every layer, in light and dark colours', () => {
    const rates = renderFiringRates(at(report.models, 1), report.caption);
    const energy = renderEnergy(report);
    for (const svg of [rates, energy]) {
      for (const name of ['stem', 'block1', 'block2']) expect(svg).toContain(`>${name}</text>`);
      expect(svg).toContain('prefers-color-scheme:dark');
    }
    const steps = report.models[1]?.pooled.layers.flatMap((layer) => layer.steps) ?? [];
    expect(steps.length).toBe(9);
    for (const { firingRate } of steps) expect(rates).toContain(`>${firingRate.toFixed(3)}</text>`);
    for (const name of ['small/1', 'three', 'ANN of the same shape'])
      expect(energy).toContain(`>${name}</text>`);
    expect(renderEnergy(report, 'dark')).not.toContain('#ffffff');
  });

  it('is written as a whole, and the same again', () => {
    const out = join(directory, 'out');
    const paths = publish(report, out);
    const names = ['energy.csv', 'energy.json', 'energy.md', 'energy.svg'];
    expect(readdirSync(out).toSorted()).toEqual(
      [...names, 'small-1-firing-rates.svg', 'three-firing-rates.svg'].toSorted(),
    );
    const before = paths.map((path) => readFileSync(path, 'utf8'));
    expect(publish(report, out).map((path) => readFileSync(path, 'utf8'))).toEqual(before);
    expect(JSON.parse(readFileSync(join(out, 'energy.json'), 'utf8'))).toEqual(report);
  });
});
