import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Engine, createEngine } from '#engine/engine.js';
import { refusalOf } from '#engine/model-refusal.js';
import { type RepositoryModel, listVersions, readModel } from '#engine/model-repository.js';
import { type ModelTree, modelFolder, passThroughModel, spikingRxModel } from './helpers/models.js';
import { tensorModel } from './helpers/tensor-models.js';

let folder: Awaited<ReturnType<typeof modelFolder>> | undefined;
let engine: Engine | undefined;
afterEach(async () => {
  await engine?.close();
  await folder?.remove();
  engine = undefined;
  folder = undefined;
});

async function folderOf(tree: ModelTree): Promise<string> {
  folder = await modelFolder(tree);
  return folder.path;
}

interface Refused {
  readonly version: string;
  readonly kind: string;
  readonly reason: string;
}

async function readAll(path: string, maxBytes = 2 ** 20) {
  const models: RepositoryModel[] = [];
  const refused: Refused[] = [];
  for (const files of await listVersions(path)) {
    try {
      models.push(await readModel(files, maxBytes));
    } catch (error) {
      refused.push({ version: files.version, ...refusalOf(error, 'runtime') });
    }
  }
  return { models, refused };
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('reading the repository', () => {
  const bytes = passThroughModel();

  it('takes names in alphabetical and versions in numeric order, with the hash of the file', async () => {
    const tree = { b: { '10': bytes, '9': bytes }, a: { '1': bytes } };
    const { models, refused } = await readAll(await folderOf(tree));
    expect(models.map(({ name, version }) => `${name}/${version}`)).toEqual(['a/1', 'b/9', 'b/10']);
    expect(new Set(models.map(({ key }) => key)).size).toBe(3);
    expect(models[0]?.sha256).toBe(sha256Of(bytes));
    expect(models[0]?.contract).toMatchObject({ nRx: 1, bitsPerSymbol: 2, nSym: undefined });
    expect(refused).toEqual([]);
  });

  it('is not put out of order by folders that are no versions', async () => {
    const path = await folderOf({ a: { '10': bytes, '1a': bytes, '2': bytes } });
    expect((await listVersions(path)).map(({ version }) => version)).toEqual(['1a', '2', '10']);
  });

  it('ignores what is no folder: the model card, hidden files', async () => {
    const path = await folderOf({ a: { '1': bytes } });
    await writeFile(join(path, 'a', 'README.md'), 'card');
    await writeFile(join(path, 'README.md'), 'models');
    await mkdir(join(path, '.git'));
    const { models, refused } = await readAll(path);
    expect(models).toHaveLength(1);
    expect(refused).toEqual([]);
  });

  it.each([
    ['garbage', new TextEncoder().encode('not a model'), /not an ONNX model/],
    ['an empty file', new Uint8Array(0), /ONNX|contract/],
    [
      'one that claims the contract and does not fit it',
      passThroughModel({ llrName: 'logits', metadata: { 'spikingrx.contract': '1' } }),
      /expected an output 'llr', found logits/,
    ],
    ['tensors of texts', tensorModel({ elemType: 8 }), /input 'x' must be a tensor of float32, .*type 8/],
  ])('refuses %s and says why', async (_, broken, reason) => {
    const path = await folderOf({ good: { '1': bytes }, bad: { '7': broken } });
    const { models, refused } = await readAll(path);
    expect(models.map(({ name }) => name)).toEqual(['good']);
    expect(refused).toEqual([{ version: '7', kind: 'contract', reason: expect.stringMatching(reason) }]);
  });

  it('takes what does not fit the contract for its tensors, and says why it serves no grids', async () => {
    const { models } = await readAll(
      await folderOf({ other: { '1': passThroughModel({ llrName: 'logits' }) } }),
    );
    expect(models).toMatchObject([
      { contract: undefined, misfit: expect.stringContaining("expected an output 'llr', found logits") },
    ]);
    expect(models[0]?.signature.batched).toBe(true);
  });

  it('refuses a version that is no number and one without a file', async () => {
    const path = await folderOf({ a: { latest: bytes } });
    await mkdir(join(path, 'a', '2'));
    const { refused } = await readAll(path);
    expect(refused.map((model) => [model.version, model.reason])).toEqual([
      ['latest', expect.stringContaining('whole number')],
      ['2', 'cannot read model.onnx: ENOENT'],
    ]);
  });

  it('refuses a file that is too large by its size alone', async () => {
    const { refused } = await readAll(await folderOf({ a: { '1': bytes } }), bytes.length - 1);
    const reason = `model.onnx has ${bytes.length} bytes, at most ${bytes.length - 1} are loaded`;
    expect(refused).toEqual([{ version: '1', kind: 'too_large', reason }]);
  });

  it.each([
    ['as sha256sum writes it', `${sha256Of(bytes)}  model.onnx\n`],
    ['among those of other files', `${'0'.repeat(64)} *card.md\r\n${sha256Of(bytes)} *./model.onnx\r\n`],
    ['alone, in capitals', sha256Of(bytes).toUpperCase()],
  ])('takes a model whose hash is there: %s', async (_, text) => {
    const path = await folderOf({ a: { '1': bytes } });
    await writeFile(join(path, 'a', '1', 'model.sha256'), text);
    expect((await readAll(path)).refused).toEqual([]);
  });

  it.each([
    ['another hash', `${'0'.repeat(64)}  model.onnx\n`, /SHA-256 of model\.onnx is [0-9a-f]{64}.*has 0{64}/],
    [
      'a line for golden grids that are not there',
      `${sha256Of(bytes)}  model.onnx\n${'0'.repeat(64)}  golden.json\n`,
      /golden\.json is missing/,
    ],
    ['no hash', 'to be done\n', /no line/],
    ['a hash of another file only', `${sha256Of(bytes)}  other.onnx\n`, /no line/],
  ])('refuses a model whose hash file has %s', async (_, text, reason) => {
    const path = await folderOf({ a: { '1': bytes } });
    await writeFile(join(path, 'a', '1', 'model.sha256'), text);
    const { refused } = await readAll(path);
    expect(refused).toEqual([{ version: '1', kind: 'hash_mismatch', reason: expect.stringMatching(reason) }]);
  });

  it('refuses files that changed since they were looked at', async () => {
    const path = await folderOf({ a: { '1': bytes } });
    const [files] = await listVersions(path);
    await writeFile(join(path, 'a', '1', 'model.onnx'), passThroughModel({ nRx: 4 }));
    if (files === undefined) throw new Error('no version found');
    await expect(readModel(files, 2 ** 20)).rejects.toMatchObject({
      reason: 'model.onnx changed while it was read',
    });
  });
});

describe('the models of an engine', () => {
  const options = { workers: 1, cores: 1, maxBatchGrids: 2 };

  it('serves the highest version, any version by name, and the first model by name', async () => {
    const tree = {
      b: { '1': passThroughModel({ nRx: 4 }) },
      a: { '2': passThroughModel(), '10': passThroughModel({ nRx: 2 }) },
    };
    engine = await createEngine({ ...options, modelsDir: await folderOf(tree) });
    expect(engine.defaultModel).toBe('a');
    expect(engine.model()).toMatchObject({ name: 'a', version: '10', nRx: 2, bitsPerSymbol: 2, ready: true });
    expect(engine.model('a', '2').nRx).toBe(1);
    expect(engine.model('b').nRx).toBe(4);
    expect(engine.models()).toHaveLength(3);
    const lookup = (name: string, version?: string) => () => engine?.model(name, version);
    expect(lookup('c')).toThrowError(expect.objectContaining({ code: 'NOT_FOUND', field: 'model' }));
    expect(lookup('a', '3')).toThrowError(/model 'a' has no version '3'; served are 2, 10/);
  });

  it('publishes configuration and signatures of a SpikingRx model', async () => {
    const path = await folderOf({ rx: { '1': spikingRxModel({ modulation: '64QAM' }) } });
    engine = await createEngine({ ...options, modelsDir: path, defaultModel: 'rx' });
    expect(engine.model()).toMatchObject({
      modulation: '64QAM',
      bitsPerSymbol: 6,
      nRx: 2,
      provider: 'cpu',
      inputs: [
        { name: 'rx_grid', datatype: 'float32', shape: ['batch', 4, 'symbols', 'subcarriers'] },
        { name: 'dmrs', datatype: 'float32', shape: ['batch', 2, 'symbols', 'subcarriers'] },
      ],
      outputs: [{ name: 'llr', datatype: 'float32', shape: ['batch', 6, 'symbols', 'subcarriers'] }],
    });
    expect(engine.model().config).toMatchObject({ modulation: '64QAM', timeSteps: 2 });
  });

  it('refuses at warm-up a model whose outputs are not finite, and serves the others', async () => {
    const tree = {
      good: { '1': passThroughModel() },
      nan: { '1': passThroughModel({ divideByPilots: true }) },
    };
    engine = await createEngine({ ...options, modelsDir: await folderOf(tree) });
    expect(engine.models().map((model) => model.name)).toEqual(['good']);
    expect(engine.repository.index()).toEqual([
      {
        name: 'good',
        version: '1',
        state: 'READY',
        reason: expect.stringContaining('no golden grids'),
        sha256: expect.any(String),
      },
      { name: 'nan', version: '1', state: 'UNAVAILABLE', reason: expect.stringContaining('not finite') },
    ]);
  });

  it('warms a model of a fixed size at that size', async () => {
    engine = await createEngine({
      ...options,
      modelsDir: await folderOf({ fixed: { '1': passThroughModel({ nSym: 12 }) } }),
    });
    expect(engine.model().outputs[0]?.shape).toEqual(['batch', 2, 12, 'subcarriers']);
  });

  it.each([
    [
      'nothing to serve',
      { bad: { '1': new Uint8Array([1, 2, 3]) } },
      {},
      /no model can be served.*bad\/1: not an ONNX/s,
    ],
    [
      'an absent default model',
      { a: { '1': passThroughModel() } },
      { defaultModel: 'x' },
      /default model 'x'/,
    ],
  ])('does not start with %s', async (_, tree, more, message) => {
    const modelsDir = await folderOf(tree);
    await expect(createEngine({ ...options, modelsDir, ...more })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringMatching(message),
    });
  });

  it('does not start without a models folder', async () => {
    await expect(createEngine({ ...options, modelsDir: '/nonexistent/models' })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringContaining('/nonexistent/models'),
    });
  });
});
