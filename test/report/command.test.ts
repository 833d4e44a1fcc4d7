import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type ReportOptions, runReport } from '#report/command.js';
import { slotConfig } from '../phy/helpers/slots.js';

const directory = mkdtempSync(join(tmpdir(), 'spikingrx-command-'));
afterAll(() => rmSync(directory, { recursive: true }));
const MODULE = new URL('../../dist/report/command.js', import.meta.url).href;
const OPTIONS = {
  model: 'models/spikingrx-qpsk-1rx/1/model.onnx',
  sections: { only: ['slot', 'llrs'], evaluation: { slots: 0, workers: 1 } },
  out: join(directory, 'out'),
  command: 'spikingrx report',
};
const slot = { kind: 'simulated', seed: 1, config: slotConfig({ nPrb: 1 }) } as const;

it('is ended by a signal, and leaves nothing half done', () => {
  const script = `
    import { runReport } from '${MODULE}';
    const progress = (what) => {
      console.log(what);
      if (what.startsWith('figure 1 ')) process.kill(process.pid, 'SIGINT');
    };
    await runReport({ ...${JSON.stringify(OPTIONS)}, slot: () => (${JSON.stringify(slot)}), progress })
      .catch(({ code, message }) => console.log(code, message));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  expect(stdout).toMatch(/\nfigure 1 of 4: received-grid\nCANCELLED interrupted\n$/);
  expect(readdirSync(OPTIONS.out)).toEqual([]);
});

describe('what would have no effect is refused', () => {
  const neuron = { layer: 'stem', channel: 0, symbol: 5, subcarrier: 0 };
  const { evaluation, only } = OPTIONS.sections;
  it('a neuron of a model without any', async () => {
    const model = 'bench/models/ann-16qam-2rx/1/model.onnx';
    const sections = { evaluation, neuron, only: ['neurons'] };
    const options = { ...OPTIONS, model, sections, slot: () => slot, progress: () => undefined };
    await expect(runReport(options)).rejects.toThrow('--neuron: expected a model with spiking layers');
  });

  it.each<[ReportOptions['sections'], string]>([
    [{ evaluation, only, neuron }, '--neuron: expected the section neurons'],
    [{ evaluation: { ...evaluation, results: 'x' }, only }, '--evaluation: expected the section performance'],
  ])('%#', async (sections, message) => {
    const options = { ...OPTIONS, sections, slot: () => slot, progress: () => undefined };
    await expect(runReport(options)).rejects.toThrow(message);
  });
});
