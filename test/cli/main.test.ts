import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CONFIG_KEYS, environmentName, flagName } from '#server/config.js';
import { testModels } from '../server/helpers/service.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(args: readonly string[], environment: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { ...process.env, COLUMNS: '400', ...environment };
    execFile(process.execPath, [MAIN, ...args], { env, timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });
}

describe('spikingrx', () => {
  test('--version and --help', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect((await run(['--version'])).stdout.trim()).toBe(version);
    const help = await run(['--help']);
    expect(help.code).toBe(0);
    for (const command of ['serve', 'train', 'export']) expect(help.stdout).toContain(command);
  });

  test('serve --help names every flag and variable', async () => {
    const { stdout } = await run(['serve', '--help']);
    for (const key of CONFIG_KEYS) {
      expect(stdout).toContain(flagName(key));
      expect(stdout).toContain(environmentName(key));
    }
    expect(stdout).toContain('--config');
  });

  test.each([
    ['unknown command', 2, ['serv'], {}, /Did you mean serve\?/],
    ['unknown flag', 2, ['serve', '--http-prt', '1'], {}, /Did you mean --http-port\?/],
    ['bad value', 2, ['serve', '--http-port', 'x'], {}, /^spikingrx: --http-port: expected a whole number/],
    [
      'unknown variable',
      2,
      ['serve'],
      { SPIKINGRX_PORT: '1' },
      /^spikingrx: SPIKINGRX_PORT: unknown setting/,
    ],
    ['no models', 4, ['serve', '--models-dir', '/nowhere'], {}, /^spikingrx: .*\/nowhere/],
  ])('%s: exit code %i', async (_name, expected, args, environment, message) => {
    const { code, stderr } = await run(args, environment);
    expect(code).toBe(expected);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n +at /);
  });

  test('cuda that is not there, and a port in use, say what to do', async () => {
    const models = await testModels();
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as { port: number };
    const serve = ['serve', '--models-dir', models.path, '--host', '127.0.0.1', '--log-level', 'silent'];
    const cuda = await run([...serve, '--http-port', '0', '--grpc-port', '0', '--provider', 'cuda']);
    expect(cuda.code).toBe(4);
    expect(cuda.stderr).toMatch(/^spikingrx: .*provider cuda is not available.*CUDA 12/ms);
    for (const flags of [
      ['--http-port', String(port), '--grpc-port', '0'],
      ['--http-port', '0', '--grpc-port', String(port)],
    ]) {
      const taken = await run([...serve, ...flags]);
      expect(taken.code).toBe(3);
      expect(taken.stderr).toMatch(/^spikingrx: cannot listen for .* port is in use; choose another/);
    }
    blocker.close();
    await models.remove();
  });

  test('a fault of ours is logged, and has a code of its own', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'spikingrx-cli-'));
    const throwing = join(folder, 'throwing.mjs');
    writeFileSync(
      throwing,
      `process.on('newListener', (event) => {
         if (event === 'uncaughtException') setImmediate(() => { throw new Error('no such luck'); });
       });`,
    );
    const ports = ['--http-port', '0', '--grpc-port', '0', '--host', '127.0.0.1'];
    const { code, stdout } = await run(['serve', ...ports], { NODE_OPTIONS: `--import ${throwing}` });
    rmSync(folder, { recursive: true });
    expect(code).toBe(70);
    // It is written at once: a line that was on its way may come after it.
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly level: number });
    const [fatal, ...others] = lines.filter(({ level }) => level === 60);
    expect(fatal).toMatchObject({ msg: 'internal error', err: { message: 'no such luck' } });
    expect(others).toEqual([]);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s before it listens ends it with 0, undrained',
    async (signal) => {
      const models = await testModels();
      const ports = ['--http-port', '0', '--grpc-port', '0', '--host', '127.0.0.1'];
      // Large batches to warm up with: long enough before it listens. Draining would outlast the test.
      const slow = ['--models-dir', models.path, '--max-batch-grids', '256', '--drain-delay-ms', '600000'];
      const child = spawn(process.execPath, [MAIN, 'serve', ...ports, ...slow], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          if (!output.includes('"starting"') && String(chunk).includes('"starting"')) child.kill(signal);
          output += String(chunk);
        });
      const [code, killedBy] = await once(child, 'close');
      expect({ code, killedBy, output }).toMatchObject({ code: 0, killedBy: null });
      expect(output).toContain('stopping as soon as');
      await models.remove();
    },
  );
});
