import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const folders = (directory: string): string[] =>
  readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

/** What is served by default, and what figures compare with. */
export const shipped = ['models', join('bench', 'models')].flatMap((root) =>
  folders(root).flatMap((name) =>
    folders(join(root, name)).map((version) => ({ name, version, folder: join(root, name) })),
  ),
);
