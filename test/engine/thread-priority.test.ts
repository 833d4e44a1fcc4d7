import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { describe, expect, it } from 'vitest';
import { createEngine } from '#engine/engine.js';
import { MAX_NICENESS, WORKER_NICENESS, yieldToMainThread } from '#engine/thread-priority.js';
import { randomRequest } from './helpers/grids.js';
import { modelFolder, passThroughModel } from './helpers/models.js';

/** Field 19 of /proc/<pid>/task/<tid>/stat, by thread. */
function nicenesses(): Map<number, number> {
  const folder = '/proc/self/task';
  return new Map(
    readdirSync(folder).map((thread) => {
      const stat = readFileSync(`${folder}/${thread}/stat`, 'utf8');
      // The name, in parentheses, may hold spaces.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [Number(thread), Number(fields[16])];
    }),
  );
}

describe('priority of the workers', () => {
  it.skipIf(process.platform !== 'linux')(
    'is below that of the main thread, which keeps its own',
    async () => {
      const own = getPriority(0);
      const before = nicenesses();
      const models = await modelFolder({ pass: { '1': passThroughModel() } });
      const engine = await createEngine({ modelsDir: models.path, workers: 2, cores: 2 });
      const started = [...nicenesses()].filter(([thread]) => !before.has(thread));
      const lowered = started.filter(([, niceness]) => niceness === Math.min(19, own + WORKER_NICENESS));
      expect(lowered.length).toBeGreaterThanOrEqual(2);
      // Whoever looks at spikes is behind those who are served, though this model has none to show.
      const request = randomRequest({ nRx: 1, nSym: 1, nSc: 12 }, 1);
      const spikes = engine.spikes({ ...request, wanted: { kinds: [], maxBytes: 1 } });
      await expect(spikes).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
      expect([...nicenesses().values()]).toContain(MAX_NICENESS);
      expect(getPriority(0)).toBe(own);
      expect(nicenesses().get(process.pid)).toBe(own);
      await engine.close();
      await models.remove();
    },
  );

  it('is left alone where it would be that of the process', () => {
    const own = getPriority(0);
    yieldToMainThread({ platform: 'darwin' });
    yieldToMainThread({ platform: 'win32' });
    expect(getPriority(0)).toBe(own);
  });
});
