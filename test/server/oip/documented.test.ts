import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasTool } from '../../helpers/tools.js';
import { startTestService, type TestService } from '../helpers/service.js';
import type { InferHead } from './helpers/binary.js';

/** The shell lines of the page, in its order. */
const page = await readFile('docs/reference/open-inference.md', 'utf8');
const examples = [...page.matchAll(/```sh\n(.*?)```/gs)].map((match) => match[1]!);

describe.skipIf(!hasTool('curl'))('docs/reference/open-inference.md: its curl lines', () => {
  let service: TestService;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spikingrx-curl-'));
    const model = 'spikingrx-qpsk-1rx';
    await cp(join('models', model), join(folder, 'models', model), { recursive: true });
    service = await startTestService({ modelsDir: join(folder, 'models'), workers: 1, maxBatchGrids: 2 });
  });
  afterAll(async () => {
    await service.close();
    await rm(folder, { recursive: true });
  });

  async function run(script = ''): Promise<string> {
    const lines = script.replaceAll('http://localhost:8000', service.url);
    return (await promisify(execFile)('bash', ['-ec', lines], { cwd: folder })).stdout;
  }

  it('are the three that are tried here', () => {
    expect(examples).toHaveLength(3);
  });

  it('describe a model', async () => {
    expect(JSON.parse(await run(examples[0]))).toMatchObject({ name: 'spikingrx-qpsk-1rx', versions: ['1'] });
  });

  it('infer in JSON', async () => {
    const answer = JSON.parse(await run(examples[1])) as InferHead & { id: string };
    expect(answer.id).toBe('one resource block of one symbol');
    const [llr] = answer.outputs;
    expect(llr).toMatchObject({ name: 'llr', datatype: 'FP32', shape: [1, 2, 1, 12] });
    expect(llr?.data?.every((value) => Number.isFinite(value))).toBe(true);
    expect(llr?.data).toHaveLength(24);
  });

  it('infer with binary data both ways', async () => {
    await run(examples[2]);
    const headers = await readFile(join(folder, 'headers.txt'), 'utf8');
    const length = Number(/^inference-header-content-length: (\d+)/im.exec(headers)?.[1]);
    const answer = await readFile(join(folder, 'answer.bin'));
    const head = JSON.parse(answer.subarray(0, length).toString('utf8')) as InferHead;
    expect(head.outputs).toEqual([
      { name: 'llr', datatype: 'FP32', shape: [2, 2, 14, 12], parameters: { binary_data_size: 2688 } },
    ]);
    expect(answer.byteLength).toBe(length + 2688);
    // Both rows are the same grid.
    expect(answer.subarray(length, length + 1344).equals(answer.subarray(length + 1344))).toBe(true);
  });
});
