import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'spikingrx-command-'));
afterAll(() => rmSync(directory, { recursive: true }));
const OUT = join(directory, 'out');

const LINK = '--receivers perfect-csi --rx 1 --prb 1 --profiles awgn --dmrs 2 --cdm-groups 2 --workers 1';

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command; `onOutput` sees what it has written to standard error so far. */
function run(flags: string, onOutput?: (text: string, pid: number) => void): Promise<Outcome> {
  const child = spawn(process.execPath, [CLI, 'evaluate', ...`${LINK} ${flags}`.split(' ')]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => {
    stderr += data.toString();
    onOutput?.(stderr, child.pid as number);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stdout, stderr }));
  });
}

describe('spikingrx evaluate', () => {
  it('is interrupted, goes on, and has the same output as in one go', async () => {
    const flags = '--snr 0,1,2,3,4,5 --slots 400 --block-errors 400 --format csv';
    let told = false;
    const first = await run(`${flags} --out ${OUT}`, (text, pid) => {
      if (told || !text.includes('0 dB, 400 slots')) return;
      told = true;
      // As one Ctrl-C may come: to the process, and again to its group.
      for (let i = 0; i < 2; i++) process.kill(pid, 'SIGINT');
    });
    expect(first.status).toBe(130);
    expect(first.stderr).toContain('interrupted: run the same command again to go on');
    const points = first.stdout.trim().split('\n').length - 1;
    expect(points).toBeGreaterThan(0);
    expect(points).toBeLessThan(6);
    const second = await run(`${flags} --out ${OUT}`);
    expect(second.stderr).toContain(`${points} points are there already`);
    expect(second.stdout).toBe((await run(flags)).stdout);
    expect(readFileSync(join(OUT, 'points.csv'), 'utf8').trim()).toBe(second.stdout.trim());
    expect(readdirSync(OUT).toSorted()).toEqual(
      ['calibration.csv', 'configuration.json', 'dmrs-2-ber.svg', 'dmrs-2-bler.svg'].concat(
        ['dmrs-2-calibration.svg', 'dmrs-2-gmi.svg', 'points.csv', 'points.json', 'points.jsonl'],
        ['required-snr.csv', 'summary.json'],
      ),
    );
    const refused = await run(`${flags} --seed 2 --out ${OUT}`);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(
      /^spikingrx: --out: .* its seed: expected 1, received 2: choose another folder\n$/,
    );
  });

  it('without a code prints the table of bit error rates', async () => {
    const { stdout, status } = await run('--snr 0,20 --slots 20 --uncoded --case quick');
    expect(status).toBe(0);
    expect(stdout.split('\n')).toEqual([
      '**quick** (20 slots a point)',
      '',
      '| SNR (dB) | perfect CSI |',
      '|---:|---:|',
      expect.stringMatching(/^\| 0 \| 1\.\d\de-1 \|$/),
      '| 20 | 0.00e+0 |',
      '',
    ]);
  });
});
