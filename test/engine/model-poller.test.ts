import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { ModelPoller } from '#engine/model-poller.js';
import { modelFolder } from './helpers/models.js';
import { until } from './helpers/scripted.js';

let poller: ModelPoller | undefined;
let folder: Awaited<ReturnType<typeof modelFolder>>;
afterEach(async () => {
  poller?.stop();
  await folder.remove();
});

it('leaves a model alone while its file grows, and the others not', async () => {
  folder = await modelFolder({ grows: { '1': new Uint8Array(1) }, still: { '1': new Uint8Array(1) } });
  const looks: string[][] = [];
  poller = new ModelPoller({
    modelsDir: folder.path,
    periodMs: 5,
    follow: async (_, moving) => {
      looks.push([...moving]);
      // Between any two looks, however far apart they are.
      if (looks.length < 5)
        writeFileSync(join(folder.path, 'grows', '1', 'model.onnx'), new Uint8Array(1 + looks.length));
    },
    onUnreadable: () => undefined,
  });
  await until(() => looks.length >= 6, 'there were no six looks');
  const growing = Array.from({ length: 4 }, () => ['grows']);
  expect(looks.slice(0, 6)).toEqual([['grows', 'still'], ...growing, []]);
});

it('takes a model for gone when it is missing in two looks', async () => {
  folder = await modelFolder({ goes: { '1': new Uint8Array(1) }, stays: { '1': new Uint8Array(1) } });
  const looks: { readonly found: readonly string[]; readonly moving: readonly string[] }[] = [];
  poller = new ModelPoller({
    modelsDir: folder.path,
    periodMs: 5,
    follow: async (versions, moving) => {
      looks.push({ found: versions.map(({ name }) => name), moving: [...moving] });
      if (looks.length === 2) await rm(join(folder.path, 'goes'), { recursive: true });
    },
    onUnreadable: () => undefined,
  });
  await until(() => looks.length >= 4, 'there were no four looks');
  expect(looks.slice(1, 4)).toEqual([
    { found: ['goes', 'stays'], moving: [] },
    { found: ['stays'], moving: ['goes'] },
    { found: ['stays'], moving: [] },
  ]);
});
