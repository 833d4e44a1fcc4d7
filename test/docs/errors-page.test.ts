import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { errorsPage } from '#docs/errors-page.js';
import { ERROR_CODES } from '#errors.js';
import { HTTP_STATUS } from '#server/errors.js';

test('docs/reference/errors.md is what `npm run docs` makes', () => {
  expect(readFileSync('docs/reference/errors.md', 'utf8')).toBe(errorsPage());
});

test('it explains every code, with its statuses, and links to where', () => {
  const page = errorsPage();
  for (const code of ERROR_CODES) {
    expect(page).toMatch(
      new RegExp(`^\\| \\[\`${code}\`\\]\\(#${code.toLowerCase()}\\) \\| ${HTTP_STATUS[code]}`, 'm'),
    );
    expect(page).toContain(`\n## ${code}\n`);
  }
  expect(page).toContain('| [`QUEUE_FULL`](#queue_full) | 429 | `RESOURCE_EXHAUSTED` (8) |');
});
