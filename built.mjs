// Ends with 0 where dist/ is a whole build of what src/ holds now, with 1 otherwise. So that a command builds only when it must:
// a service that runs from dist/ goes on reading its files there.
import { existsSync, readdirSync, statSync } from 'node:fs';

/** When the build began, and its last product. */
const [begun, page] = ['dist/.begun', 'dist/web/index.html'];
/** Folders too: they change with files that are added, renamed or removed. */
const sources = ['src', ...readdirSync('src', { recursive: true, encoding: 'utf8' }).map((path) => `src/${path}`)];
const others = ['package.json', 'package-lock.json', 'tsconfig.json'];

const isCurrent =
  existsSync(begun) &&
  existsSync(page) &&
  [...sources, ...others].every((path) => statSync(path).mtimeMs < statSync(begun).mtimeMs);
process.exitCode = isCurrent ? 0 : 1;
