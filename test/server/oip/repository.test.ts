import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { affineModel, int64Model } from '../../engine/helpers/tensor-models.js';
import { modelFolder } from '../../engine/helpers/models.js';
import { startTestService, type TestService } from '../helpers/service.js';

let service: TestService;
let folder: Awaited<ReturnType<typeof modelFolder>>;

beforeAll(async () => {
  folder = await modelFolder({ affine: { '1': affineModel() }, sum: { '1': int64Model() } });
  const settings = { modelsDir: folder.path, workers: 1, modelControl: 'explicit', adminPort: 0 };
  service = await startTestService(settings);
});
afterAll(async () => {
  await service.close();
  await folder.remove();
});

async function post(url: string, body?: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, { method: 'POST', ...(body !== undefined && { body }) });
  return { status: response.status, body: await response.json() };
}

const index = async (body?: string) => (await post(`${service.url}/v2/repository/index`, body)).body;
const change = async (model: string, action: string, body?: string) =>
  post(`http://127.0.0.1:${service.server.adminPort}/v2/repository/models/${model}/${action}`, body);
const isReady = async (path: string) => (await fetch(`${service.url}/v2/models/${path}/ready`)).status;

describe('Open Inference Protocol over REST: the model repository', () => {
  it('lists versions, unloads and loads models', async () => {
    const entry = { version: '1', state: 'READY', reason: expect.any(String) as string };
    expect(await index()).toEqual([
      { name: 'affine', ...entry },
      { name: 'sum', ...entry },
    ]);
    expect(await change('sum', 'unload', '{"parameters": {"unload_dependents": true}}')).toEqual({
      status: 200,
      body: {},
    });
    expect(await isReady('sum')).toBe(404);
    expect(await index('{"ready": true}')).toEqual([{ name: 'affine', ...entry }]);
    expect(await index('{}')).toMatchObject([{}, { name: 'sum', state: 'UNAVAILABLE' }]);
    expect((await change('sum', 'load')).status).toBe(200);
    expect(await isReady('sum')).toBe(200);
  });

  it('serves a version that was put there since', async () => {
    expect(await isReady('affine/versions/2')).toBe(404);
    await mkdir(join(folder.path, 'affine', '2'));
    await writeFile(join(folder.path, 'affine', '2', 'model.onnx'), affineModel());
    expect((await change('affine', 'load', '{}')).status).toBe(200);
    expect(await isReady('affine/versions/2')).toBe(200);
  });

  it('says what is wrong', async () => {
    expect(await change('nobody', 'load')).toMatchObject({
      status: 404,
      body: { error: expect.any(String) },
    });
    expect(await change('affine', 'load', '{"parameters": {"config": "{}"}}')).toEqual({
      status: 400,
      body: { error: 'parameters.config: expected no such parameter, received one' },
    });
    expect(await change('affine', 'load', '{')).toMatchObject({ status: 400 });
    expect(await change('affine', 'load', ' '.repeat(20_000))).toMatchObject({ status: 413 });
    expect(await post(`${service.url}/v2/repository/index`, '{"ready": 1}')).toMatchObject({ status: 400 });
  });

  it('takes changes on the admin port only', async () => {
    const { status } = await post(`${service.url}/v2/repository/models/sum/unload`);
    expect(status).toBe(404);
    expect(await isReady('sum')).toBe(200);
  });
});
