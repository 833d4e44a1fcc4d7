import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { tinyTraining } from '../support/training.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'spikingrx-cli-train-'));
afterAll(() => rmSync(folder, { recursive: true }));

function configFile(steps: number): string {
  const path = join(folder, `${steps}.yaml`);
  writeFileSync(path, stringify(tinyTraining({ optimiser: { steps, batch: 1 } })));
  return path;
}

/** Runs the command to its end; `onText` sees what it says and may signal it. */
function train(
  args: readonly string[],
  onText: (text: string, pid: number) => void = () => undefined,
): Promise<{ readonly status: number | null; readonly stderr: string }> {
  const child = spawn(process.execPath, [MAIN, 'train', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    onText(stderr, child.pid as number);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stderr }));
  });
}

describe('spikingrx train', () => {
  it('trains, exports, draws the course, and says where everything is', async () => {
    const out = join(folder, 'whole');
    const models = join(folder, 'models');
    const { status, stderr } = await train([
      '--config',
      configFile(6),
      '--out',
      out,
      '--models',
      models,
      '--log-every',
      '2',
    ]);
    expect(status).toBe(0);
    expect(stderr).toMatch(/step 6\/6 {2}loss \d/);
    for (const path of [
      join(out, 'checkpoint.bin'),
      join(models, 'tiny', '1', 'model.onnx'),
      join(out, 'curve.svg'),
    ]) {
      expect(stderr).toContain(path);
      expect(existsSync(path)).toBe(true);
    }
    expect(readFileSync(join(out, 'curve.svg'), 'utf8')).toContain('Training of tiny, version 1');
  });

  it('that a signal ends keeps its steps and exits with 130; one that reaches its stop with 0', async () => {
    const out = join(folder, 'interrupted');
    const args = ['--config', configFile(100_000), '--out', out, '--log-every', '1'];
    let told = false;
    const stopped = await train(args, (text, pid) => {
      if (told || !text.includes('step 3/')) return;
      told = true;
      process.kill(pid, 'SIGINT');
    });
    expect(stopped.status).toBe(130);
    expect(stopped.stderr).toContain('training is not complete: run the same command again to go on');
    const done = Number(/checkpoint of step (\d+)/.exec(stopped.stderr)?.[1]);
    expect(done).toBeGreaterThanOrEqual(3);
    const reached = await train([...args, '--stop-at', String(done + 2)]);
    expect(reached.status).toBe(0);
    expect(reached.stderr).toContain(`step ${done + 1}/`);
  });
});
