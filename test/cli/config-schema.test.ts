import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { expect, test } from 'vitest';
import { CONFIG_KEYS, loadConfig } from '#server/config.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

interface Property {
  readonly description?: string;
  readonly default?: unknown;
}

test('`serve --print-config-schema` prints what a configuration may hold, whatever is in the environment', () => {
  const env = { ...process.env, SPIKINGRX_PRT: 'would be refused' };
  const printed = execFileSync(process.execPath, [MAIN, 'serve', '--print-config-schema'], {
    encoding: 'utf8',
    env,
  });
  const schema = JSON.parse(printed) as TSchema & { readonly properties: Record<string, Property> };
  expect(schema).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: expect.any(String),
    additionalProperties: false,
  });
  expect(printed).not.toContain(process.cwd());
  expect(Object.keys(schema.properties)).toEqual([...CONFIG_KEYS]);
  for (const { description } of Object.values(schema.properties)) expect(description).toMatch(/\w/);

  const { modelsDir: _path, ...defaults } = loadConfig();
  expect(schema.properties).toMatchObject(
    Object.fromEntries(Object.entries(defaults).map(([key, value]) => [key, { default: value }])),
  );
  expect(Value.Check(schema, loadConfig())).toBe(true);
  expect(Value.Check(schema, {})).toBe(true);
  for (const wrong of [{ httPort: 1 }, { httpPort: 'x' }, { httpPort: 70_000 }, { provider: 'tpu' }])
    expect(Value.Check(schema, wrong)).toBe(false);
});
