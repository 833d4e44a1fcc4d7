import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Random } from '#phy/random.js';
import { spikingRxModel } from '../engine/helpers/models.js';
import { grid } from '../server/helpers/grids.js';
import { startTestService, testModels, type TestService } from '../server/helpers/service.js';
import { expectNothingHeld, until } from './helpers/faults.js';
import { startOthers } from './helpers/others.js';

let service: TestService;
let models: Awaited<ReturnType<typeof testModels>>;
afterEach(async () => {
  await service.close();
  await models.remove();
});

function garbage(): Uint8Array {
  const random = Random.fromSeed(5);
  return Uint8Array.from({ length: 20_000 }, () => random.integer(256));
}

/** A model that was cut off while it was copied. */
const truncated = (): Uint8Array => spikingRxModel({ nRx: 2 }, 2).subarray(0, 3000);

test.each([
  ['noise', garbage],
  ['a file that was cut off', truncated],
  ['nothing', () => new Uint8Array(0)],
])(
  'a model file swapped for %s: the version that was loaded goes on, and is replaced once the file is good again',
  async (_name, bad) => {
    models = await testModels();
    service = await startTestService({
      workers: 1,
      modelsDir: models.path,
      modelControl: 'poll',
      modelPollSeconds: 0.05,
    });
    const others = await startOthers(service);
    const file = join(models.path, 'random', '2', 'model.onnx');
    const swap = async (bytes: Uint8Array): Promise<void> => {
      await writeFile(`${file}.new`, bytes);
      await rename(`${file}.new`, file);
    };
    const answer = async (): Promise<string> => {
      const [first] = await service.rest.compute([grid()], { model: 'random', version: '2' });
      return Buffer.from(first!.llr.data).toString('base64');
    };
    const reason = (): string | undefined =>
      service.server.engine.repository
        .index()
        .find(({ name, version }) => name === 'random' && version === '2')?.reason;
    const before = await answer();
    const usual = reason();
    await swap(bad());
    await until(() => reason() !== usual, 'the garbage was not noticed');
    expect(await answer()).toBe(before);
    expect(await service.rest.ready()).toBe(true);
    await others.more(10);
    // The default is version 2 of `random`: others use it, so it stays the same until it is good again.
    expect(others.complaints).toEqual([]);
    await others.stop();
    await swap(spikingRxModel({ nRx: 2 }, 9));
    await until(async () => (await answer()) !== before, 'the good file was not loaded');
    expect(reason()).toBe(usual);
    await expectNothingHeld(service);
  },
);
