import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT_CODES } from '#cli/exit-codes.js';
import { reportCommand } from '#cli/report.js';

const directory = mkdtempSync(join(tmpdir(), 'spikingrx-report-'));
afterAll(() => rmSync(directory, { recursive: true }));
const MODEL = 'models/spikingrx-qpsk-2rx/2/model.onnx';
const MAIN = 'dist/cli/main.js';

it('writes a report of a simulated slot, and says where it is', () => {
  const out = join(directory, 'out');
  const args = ['report', '--model', MODEL, '--out', out, '--prb', '2', '--seed', '5', '--sections', 'slot'];
  const printed = execFileSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  expect(printed).toBe(`${join(out, 'report.html')}\n`);
  const html = readFileSync(join(out, 'report.html'), 'utf8');
  for (const text of [
    'Report of spikingrx-qpsk-2rx/2',
    'TDL-C, RMS delay spread 100 ns, Doppler 100 Hz',
    '2.0 dB, energy per RE and antenna over N0',
    `spikingrx report --model ${MODEL} --out ${out} --prb 2 --seed 5 --sections slot`,
  ])
    expect(html).toContain(text);
  const csv = readFileSync(join(out, 'data', 'received-grid.csv'), 'utf8').split('\n');
  expect(csv[0]).toBe('ofdm_symbol,subcarrier,use,power_db_antenna_0,power_db_antenna_1');
  expect(csv).toHaveLength(1 + 14 * 24 + 1);
});

it('ends with the code of a wrong argument, and one line that says which', () => {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'report'], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([
    EXIT_CODES.usage,
    'spikingrx: --model: expected a model.onnx, received none\n',
  ]);
});

describe('flags that contradict each other are refused', () => {
  it.each([
    [['--oai', 'a', '--sigmf', 'b'], 'slot: expected one of --oai and --sigmf, received both'],
    [['--slot', '1'], '--slot: expected --sigmf, which it is of, received none'],
    [['--oai', 'a', '--snr', '3'], '--snr: expected a simulated slot, without --oai and --sigmf, received a'],
    [
      ['--sigmf', 'b', '--prb', '4'],
      '--prb: expected a simulated slot, without --oai and --sigmf, received b',
    ],
    [['--delay-spread', '-1'], '--delay-spread: expected nanoseconds from 0'],
  ])('%j', async (flags, message) => {
    const command = reportCommand().exitOverride();
    const args = ['--model', MODEL, '--out', join(directory, 'refused'), ...flags];
    await expect(command.parseAsync(args, { from: 'user' })).rejects.toThrow(message);
  });
});
