import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ApiKeys } from '#server/access/api-keys.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const run = (...args: readonly string[]) =>
  spawnSync(process.execPath, [MAIN, 'key', ...args], { encoding: 'utf8' });

test('what it appends to the file lets the key in that it shows, for as long as was asked', () => {
  const made = [run('--id', 'ops', '--scopes', 'admin, metrics', '--days', '2'), run('--id', 'gnb')];
  const file = new ApiKeys(`keys:\n${made.map(({ stdout }) => stdout).join('')}`);
  const [ops, gnb] = made.map(({ stderr }) => file.find(String(/: (\S+)\n$/.exec(stderr)?.[1])));
  expect(ops).toMatchObject({ id: 'key:ops', scopes: new Set(['admin', 'metrics']) });
  expect(Math.abs(Number(ops?.expiresMs) - Date.now() - 2 * 86_400_000)).toBeLessThan(600_000);
  expect(gnb).toEqual({ id: 'key:gnb', scopes: new Set(['infer']) });
  for (const { stdout, stderr } of made) expect(stdout).not.toContain(stderr.trim().split('.')[1]);
});

test.each([
  [['--id', 'a b'], /key\.id: expected id/],
  [['--id', 'a', '--scopes', 'root'], /expected some of infer, metrics, admin/],
  [[], /--id/],
])('%j is refused', (args, message) => {
  const { status, stdout, stderr } = run(...args);
  expect(status).toBe(2);
  expect(stderr).toMatch(message);
  expect(stdout).toBe('');
});
