import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ServiceProcess } from '#bench/service-process.js';
import { EXIT_CODES } from '#cli/exit-codes.js';
import { CONFIG_KEYS, ConfigSchema } from '#server/config.js';
import { temporaryModels } from '../demo/helpers/model-repository.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
describe('against a live service', () => {
  const models = temporaryModels();
  let service: ServiceProcess;

  beforeAll(async () => {
    service = await ServiceProcess.start({ flags: ['--models-dir', models.directory, '--workers', '1'] });
  });
  afterAll(async () => {
    await service.stop();
    models.remove();
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
