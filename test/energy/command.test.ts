import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const MODEL = 'models/spikingrx-qpsk-2rx/2/model.onnx';
const FLAGS = ['energy', '--model', MODEL, '--slots', '2', '--snr=-1,6', '--prb', '1'];

function run(format: string): string {
  return execFileSync(process.execPath, [CLI, ...FLAGS, '--format', format], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

it('`spikingrx energy` counts a model file alone, the same figures at every run', () => {
  const report = JSON.parse(run('json')) as { models: { name: string; timeSteps: number }[] };
  expect(report.models).toMatchObject([{ name: 'SpikingRx', title: 'spikingrx-qpsk-2rx/2', timeSteps: 2 }]);
  expect(JSON.parse(run('json'))).toEqual(report);
  expect(run('markdown')).toContain('| block6, 2 |');
  expect(run('csv')).toMatch(/^model,time_steps,snr_db/);
});

it('`spikingrx energy` says in a line what does not fit', () => {
  const { status, stderr } = spawnSync(process.execPath, [CLI, 'energy'], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toBe('spikingrx: --model: expected at least one model, received none\n');
});

it('`spikingrx energy` draws the DMRS that it is told, and says so', () => {
  const dmrs = ['--dmrs', '3', '--dmrs-type', '2', '--cdm-groups', '3'];
  const { status, stderr } = spawnSync(process.execPath, [CLI, ...FLAGS, ...dmrs], { encoding: 'utf8' });
  expect(status).toBe(0);
  expect(stderr).toContain('QPSK, 2 Rx, 1 PRB, DMRS 3 of type 2; 2 slots');
});
