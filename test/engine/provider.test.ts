import { describe, expect, it } from 'vitest';
import { resolveProvider } from '#engine/provider.js';

const works = async (): Promise<void> => undefined;
const fails = async (): Promise<void> => {
  throw new Error('libcudnn.so.9: cannot open shared object file');
};

describe('resolveProvider', () => {
  it('takes the CPU without trying CUDA', async () => {
    let tried = false;
    const resolved = await resolveProvider('cpu', async () => {
      tried = true;
    });
    expect(resolved).toEqual({ provider: 'cpu' });
    expect(tried).toBe(false);
  });

  it.each(['cuda', 'auto'] as const)('takes CUDA for %s when it works', async (choice) => {
    expect(await resolveProvider(choice, works)).toEqual({ provider: 'cuda' });
  });

  it('says what to install when cuda is asked for and missing', async () => {
    await expect(resolveProvider('cuda', fails)).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringMatching(/libcudnn\.so\.9.*CUDA 12.*cuDNN 9.*ONNXRUNTIME_NODE_INSTALL=cuda12/s),
    });
  });

  it('falls back with auto and says why', async () => {
    expect(await resolveProvider('auto', fails)).toEqual({
      provider: 'cpu',
      fallbackReason: expect.stringContaining('libcudnn.so.9'),
    });
  });
});
