import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { newApiKey } from '#server/access/api-keys.js';
import { hasPython, hasTool, PYTHON } from '../helpers/tools.js';
import { startTestService, testModels, type TestService } from '../server/helpers/service.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MODEL = 'spikingrx-qpsk-2rx';
const available =
  hasTool('protoc') && hasTool('grpc_python_plugin') && hasPython('grpc', 'numpy', 'google.protobuf');

const user = newApiKey({ id: 'user', scopes: ['infer'] });
const operator = newApiKey({ id: 'operator', scopes: ['infer', 'metrics', 'admin'] });
const folder = mkdtempSync(join(tmpdir(), 'spikingrx-python-'));
const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** Runs a program in the root of the repository. */
async function output(command: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, PYTHONPATH: `${folder}:clients/python/stubs`, PYTHONDONTWRITEBYTECODE: '1' };
  return (await run(command, args, { cwd: ROOT, env, timeout: 60_000 })).stdout;
}

/** Lines of the first shell block of the README's that has `word` in it. */
function readmeLines(word: string): string[] {
  const readme = readFileSync(join(ROOT, 'clients/python/README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```sh\n([^]*?)```/g)].map(([, block]) => (block as string).trim());
  return (blocks.find((block) => block.includes(word)) ?? '').split('\n');
}

/** Definitions of services that nobody here wrote, where their packages have them. */
async function foreignStubs(): Promise<void> {
  const health = join(dirname(require.resolve('grpc-health-check/package.json')), 'proto');
  const reflection = join(dirname(require.resolve('@grpc/reflection/package.json')), 'build/proto/grpc');
  const plugin = `--plugin=protoc-gen-grpc=${(await output('bash', '-c', 'command -v grpc_python_plugin')).trim()}`;
  const outputs = [`--python_out=${folder}`, `--grpc_out=${folder}`, plugin];
  await output('protoc', `-I${health}`, ...outputs, 'health/v1/health.proto');
  await output('protoc', `-I${reflection}`, ...outputs, 'reflection/v1/reflection.proto');
}

describe.skipIf(!available)('clients in Python, with stubs that protoc made', () => {
  let service: TestService;
  let models: Awaited<ReturnType<typeof testModels>>;
  beforeAll(async () => {
    const apiKeysFile = join(folder, 'keys.yaml');
    writeFileSync(apiKeysFile, stringify({ keys: [user.entry, operator.entry] }));
    models = await testModels();
    cpSync(join(ROOT, 'models', MODEL, '2'), join(models.path, MODEL, '2'), { recursive: true });
    const settings = { apiKeysFile, modelsDir: models.path, modelControl: 'explicit', workers: 1 };
    service = await startTestService(settings);
    const [line] = readmeLines('protoc -I');
    await output('bash', '-c', line as string);
    await foreignStubs();
  });
  afterAll(async () => {
    await service.close();
    await models.remove();
    rmSync(folder, { recursive: true });
  });

  test('the examples of the README run, and decide the bits as well as the network does', async () => {
    const lines = readmeLines('stream_grids.py').map((line) => line.replace('python3', PYTHON));
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      const text = await output('bash', '-c', `${line} --target ${service.target} --token ${user.key}`);
      const [, wrong, bits] = /BER \S+ \((\d+) of (\d+) bits\)/.exec(text) ?? [];
      // Of the sample slot LS + LMMSE gets 124 of 1248 wrong, and perfect channel knowledge 51.
      expect(Number(wrong) / Number(bits)).toBeLessThan(0.075);
      expect(Number(wrong) / Number(bits)).toBeGreaterThan(0.03);
    }
    const streamed = await output(
      PYTHON,
      'clients/python/stream_grids.py',
      '--grids',
      '40',
      '--window',
      '8',
      '--target',
      service.target,
      '--token',
      user.key,
      '--model',
      'nope',
    );
    expect(streamed).toMatch(/grid-0: NOT_FOUND: model: no model is called 'nope'/);
    expect(streamed).toContain('40 grids answered, 40 with an error');
    const refused = output(PYTHON, 'clients/python/infer_tensors.py', '--target', service.target);
    await expect(refused).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^UNAUTHENTICATED: /),
    });
  });

  test('every method of the Open Inference Protocol, health and reflection', async () => {
    const args = [service.target, user.key, operator.key, 'random', 'wide'];
    const found = JSON.parse(await output(PYTHON, 'test/clients/check.py', ...args)) as object;
    const all = { 'random/1': 'READY', 'random/2': 'READY', 'wide/1': 'READY', [`${MODEL}/2`]: 'READY' };
    const ids = Array.from({ length: 20 }, (_, i) => `r${i}`).toSpliced(10, 0, 'bad');
    expect(found).toMatchObject({
      live: true,
      ready: true,
      server: 'spikingrx',
      model: { rx_grid: [-1, 4, -1, -1], dmrs: [-1, 2, -1, -1], llr: [-1, 2, -1, -1] },
      infer: { id: 'raw', shape: [1, 2, 14, 24], finite: true, typedIsTheSame: true },
      codes: { nobody: 'UNAUTHENTICATED', unknown: 'NOT_FOUND', late: 'DEADLINE_EXCEEDED' },
      health: { check: ['SERVING', 'SERVING', 'SERVING'], watch: 'SERVING' },
      reflection: {
        services: expect.arrayContaining([
          'grpc.health.v1.Health',
          'inference.GRPCInferenceService',
          'spikingrx.v1.LlrService',
        ]),
        methods: {
          'inference.GRPCInferenceService': expect.arrayContaining(['ModelInfer', 'RepositoryModelLoad']),
          'spikingrx.v1.LlrService': expect.arrayContaining(['ComputeLlr', 'StreamLlr']),
        },
        sameFields: true,
        map: true,
      },
      stream: { ids, errors: [expect.stringMatching(/version '77'/)] },
      repository: {
        before: all,
        asUser: 'PERMISSION_DENIED',
        unload: 'OK',
        after: { ...all, 'wide/1': 'UNAVAILABLE' },
        ready: false,
        infer: 'NOT_FOUND',
        load: 'OK',
        loaded: all,
        unknown: 'NOT_FOUND',
      },
    });
  });
});
