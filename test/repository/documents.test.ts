import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ServiceProcess } from '#bench/service-process.js';
import { EXIT_CODES } from '#cli/exit-codes.js';
import { CONFIG_KEYS, ConfigSchema } from '#server/config.js';
import { temporaryModels } from '../demo/helpers/model-repository.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const readme = read('README.md');
const shellLines = [...readme.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, block]) =>
  (block as string).trim().split('\n'),
);

/** What `spikingrx <command> --help` prints. */
function help(command: string): string {
  return execFileSync(process.execPath, [join(ROOT, 'dist/cli/main.js'), command, '--help'], {
    encoding: 'utf8',
  });
}

describe('commands of the pages', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n');
  const lines = pages.flatMap((page) => read(page).split('\n'));

  test('the README says how to begin', () => {
    for (const name of ['ci', 'run demo', 'start', 'test', 'run spikingrx', 'run bench'])
      expect(shellLines.join('\n')).toContain(`npm ${name}`);
  });

  test('npm knows them', () => {
    const names = lines.flatMap((line) =>
      [...line.matchAll(/npm run (?:-s )?([a-z][a-z:]*)/g)].map(([, name]) => name as string),
    );
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  test('so does the command line, with their options', () => {
    const calls = lines.flatMap((line) =>
      [...line.matchAll(/npm run (?:-s )?spikingrx -- ([a-z]\w*)([^`#|>]*)/g)].map(
        ([, command, rest]) => [command as string, rest as string] as const,
      ),
    );
    const texts = new Map([...new Set(calls.map(([command]) => command))].map((name) => [name, help(name)]));
    expect(calls.length).toBeGreaterThan(20);
    for (const [command, rest] of calls)
      for (const [option] of rest.matchAll(/--[a-z][a-z-]*/g)) expect(texts.get(command)).toContain(option);
  });
});

describe('against a live service', () => {
  const models = temporaryModels();
  const directory = mkdtempSync(join(tmpdir(), 'spikingrx-readme-'));
  let service: ServiceProcess;

  beforeAll(async () => {
    service = await ServiceProcess.start({ flags: ['--models-dir', models.directory, '--workers', '1'] });
  });
  afterAll(async () => {
    await service.stop();
    models.remove();
    rmSync(directory, { recursive: true });
  });

  /** Runs a line of the README as a shell would, with the port of this service and files of its own. */
  function run(line: string): string {
    const here = line
      .replace('localhost:8000', `127.0.0.1:${service.httpPort}`)
      .replace(/\b(answer\.json|llr\.f32)/, join(directory, '$1'));
    return execFileSync('bash', ['-c', here], { cwd: ROOT, encoding: 'utf8' });
  }

  test('the curl commands of the README work', () => {
    const [json, binary, ...others] = shellLines.filter((line) => line.startsWith('curl'));
    expect(others).toEqual([]);
    run(json as string);
    const check = shellLines.find((line) => line.startsWith('node samples/check.mjs'));
    expect(run(check as string)).toMatch(/^1248 bits, \d+ with the wrong LLR sign/);
    run(binary as string);
    expect(statSync(join(directory, 'llr.f32')).size).toBe(4 * 1248);
  });

  test('docs/reference/metrics.md lists every metric of the service, and no other', async () => {
    const text = await (await fetch(`${service.baseUrl}/metrics`)).text();
    const served = [...text.matchAll(/^# TYPE (spikingrx_\w+) (\w+)$/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    const described = [
      ...read('docs/reference/metrics.md').matchAll(/^\| `(spikingrx_\w+)` \| (\w+) \|/gm),
    ].map(([, name, type]) => `${name} ${type}`);
    expect(described.toSorted()).toEqual(served.toSorted());
  });

  test('docs/reference/rest.md and docs/reference/open-inference.md list every route of the service', async () => {
    const { paths } = (await (await fetch(`${service.baseUrl}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const page = read('docs/reference/rest.md') + read('docs/reference/open-inference.md');
    const missing = routes.filter(
      (route) => !page.includes(route) && !page.includes(route.split(' ')[1] as string),
    );
    expect(missing).toEqual([]);
  });
});

test('docs/reference/configuration.md lists every setting with its default', () => {
  const described = [...read('docs/reference/configuration.md').matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map(
    ([, key, value]) => [key, value],
  );
  const defaults = CONFIG_KEYS.map((key) => {
    const { default: value } = ConfigSchema.properties[key] as { default?: string | number | boolean };
    if (key === 'modelsDir') return [key, 'the shipped models'];
    return [key, value === undefined ? '–' : `\`${value}\``];
  });
  expect(described).toEqual(defaults);
});

test('docs/reference/configuration.md lists every exit code', () => {
  const [, section = ''] = read('docs/reference/configuration.md').split('## Exit codes');
  const described = [...(section.split('\n## ')[0] as string).matchAll(/^\| (\d+) \| \w/gm)].map(([, code]) =>
    Number(code),
  );
  expect(described).toEqual(Object.values(EXIT_CODES));
});
