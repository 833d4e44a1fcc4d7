import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cliPage } from './cli-page.js';
import { errorsPage } from './errors-page.js';

/** Writes the pages of docs/ that are made from the code: `npm run docs`. */
const pages = { 'cli.md': await cliPage(), 'errors.md': errorsPage() };
for (const [name, text] of Object.entries(pages)) {
  const path = fileURLToPath(new URL(`../../docs/reference/${name}`, import.meta.url));
  writeFileSync(path, text);
  console.log(path);
}
