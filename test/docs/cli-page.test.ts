import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COMMANDS } from '#cli/commands.js';
import { cliPage } from '#docs/cli-page.js';

const page = await cliPage();

test('docs/reference/cli.md is what `npm run docs` makes', () => {
  expect(readFileSync('docs/reference/cli.md', 'utf8')).toBe(page);
});

test('it has every command with every option, the settings of the service by a link', async () => {
  for (const [name, load] of Object.entries(COMMANDS)) {
    const { options } = await load();
    const section = page.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';
    const missing = options.filter(({ flags }) => !section.includes(`\`${flags}\``));
    const linked = section.includes('every [setting](configuration.md)');
    expect({ name, complete: linked || missing.length === 0, linked }).toEqual({
      name,
      complete: true,
      linked: name === 'serve',
    });
  }
});

test('it says nothing of the machine that made it', () => {
  expect(page).not.toContain(process.cwd());
});
