import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errorsPage } from './errors-page.js';

/** Writes the pages of docs/ that are made from the code: `npm run docs`. */
const path = fileURLToPath(new URL('../../docs/reference/errors.md', import.meta.url));
writeFileSync(path, errorsPage());
console.log(path);
