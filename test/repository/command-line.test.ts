import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { expect, test } from 'vitest';

const CLI = fileURLToPath(new URL('../../dist/cli/', import.meta.url));

const COMMANDS = readdirSync(CLI)
  .filter(
    (file) =>
      file.endsWith('.js') &&
      !['main.js', 'commands.js', 'options.js', 'slot-options.js', 'exit-codes.js'].includes(file),
  )
  .map((file) => file.replace(/\.js$/, ''));

async function load(name: string): Promise<Command> {
  const module = (await import(`${CLI}${name}.js`)) as Record<string, () => Command>;
  return (module[`${name}Command`] as () => Command)();
}

test('`spikingrx --help` lists every command', () => {
  const help = execFileSync(process.execPath, [`${CLI}main.js`, '--help'], { encoding: 'utf8' });
  const listed = [...help.matchAll(/^ {2}([a-z]+) (?:\[options\])/gm)].map(([, name]) => name);
  expect(new Set(listed)).toEqual(new Set(COMMANDS));
});

test.each(COMMANDS)('`spikingrx %s --help` explains every option', async (name) => {
  const command = await load(name);
  const help = command.helpInformation();
  expect(command.name()).toBe(name);
  expect(command.description()).not.toBe('');
  expect(command.options.length).toBeGreaterThan(0);
  const unexplained = command.options.filter(
    ({ flags, description }) => !help.includes(flags) || description === '',
  );
  expect(unexplained.map(({ flags }) => flags)).toEqual([]);
});
