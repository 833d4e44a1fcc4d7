import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const SCRIPT = resolve('built.mjs');
const SOURCES = ['package.json', 'package-lock.json', 'tsconfig.json', 'src/cli/main.ts', 'src/cli', 'src'];

/** A folder with sources of an hour ago, and a build that began half an hour ago. */
function builtFolder(): string {
  const cwd = mkdtempSync(join(tmpdir(), 'spikingrx-built-'));
  onTestFinished(() => rmSync(cwd, { recursive: true }));
  for (const folder of ['src/cli', 'dist/web']) mkdirSync(join(cwd, folder), { recursive: true });
  for (const file of [...SOURCES.slice(0, 4), 'dist/.begun', 'dist/web/index.html'])
    writeFileSync(join(cwd, file), '');
  const now = Date.now() / 1000;
  for (const path of SOURCES) utimesSync(join(cwd, path), now - 3600, now - 3600);
  utimesSync(join(cwd, 'dist/.begun'), now - 1800, now - 1800);
  return cwd;
}

const isCurrent = (cwd: string): boolean => spawnSync(process.execPath, [SCRIPT], { cwd }).status === 0;

test('a build of the sources as they are need not be made again', () => {
  expect(isCurrent(builtFolder())).toBe(true);
});

test.each([
  ['a file changes', (cwd: string) => writeFileSync(join(cwd, 'src/cli/main.ts'), 'x')],
  [
    'a file gets another name',
    (cwd: string) => renameSync(join(cwd, 'src/cli/main.ts'), join(cwd, 'src/cli/other.ts')),
  ],
  ['a file goes', (cwd: string) => rmSync(join(cwd, 'src/cli/main.ts'))],
  ['packages change', (cwd: string) => writeFileSync(join(cwd, 'package-lock.json'), 'x')],
  ['the build did not end', (cwd: string) => rmSync(join(cwd, 'dist/web/index.html'))],
  ['there is none', (cwd: string) => rmSync(join(cwd, 'dist'), { recursive: true })],
])('it is made again when %s', (_, change) => {
  const cwd = builtFolder();
  change(cwd);
  expect(isCurrent(cwd)).toBe(false);
});
