import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COMMANDS } from '#cli/commands.js';
import { cliPage } from '#docs/cli-page.js';

const page = await cliPage();

test('docs/reference/cli.md is what `npm run docs` makes', () => {
  expect(readFileSync('docs/reference/cli.md', 'utf8')).toBe(page);
});

test('it has every command with every option but the settings, and nothing of this machine', async () => {
  for (const [name, load] of Object.entries(COMMANDS)) {
    const { options } = await load();
    const section = page.split(`\n## ${name}\n`)[1]?.split('\n## ')[0];
    const missing = options.filter(({ flags }) => !section?.includes(`\`${flags}\``));
    if (name === 'serve') expect(section).toContain('every [setting](configuration.md)');
    else expect(missing.map(({ flags }) => flags)).toEqual([]);
  }
  expect(page).not.toContain(process.cwd());
});
