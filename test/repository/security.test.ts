import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const DOCS = fileURLToPath(new URL('../../docs/how-to/', import.meta.url));
const text = readFileSync(join(DOCS, 'security.md'), 'utf8');

/** Cells of the table of threats. */
const rows = text
  .slice(text.indexOf('| threat |'))
  .split('\n\n', 1)[0]!
  .split('\n')
  .slice(2)
  .map((line) => line.split(' | '));

test('the threat model names a test for every measure, and the test is there', () => {
  expect(rows.length).toBeGreaterThan(10);
  for (const [threat = '', measure = '', held = ''] of rows) {
    const files = [...held.matchAll(/\]\((\.\.\/\.\.\/test\/[^)]+\.test\.ts)\)/g)].map(([, path]) =>
      String(path),
    );
    expect(`${threat}: ${measure}: ${files.length === 0 ? 'no test' : 'tested'}`).toMatch(/: .+: tested$/);
    expect(files.filter((path) => !existsSync(join(DOCS, path)))).toEqual([]);
  }
});
