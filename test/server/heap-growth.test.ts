import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** What a process that runs `script` writes to stderr; V8 reports flags it does not know there, and goes on. */
function stderrOf(script: string): string {
  const cwd = new URL('../..', import.meta.url);
  return spawnSync(process.execPath, ['--input-type=module', '--eval', script], { cwd }).stderr.toString();
}

test('V8 still knows the flag', () => {
  const load = "(await import('#server/heap-growth.js')).growHeapInLargeSteps();";
  expect(stderrOf(load)).toBe('');
  expect(stderrOf("(await import('node:v8')).setFlagsFromString('--no-such-flag=1');")).not.toBe('');
});
