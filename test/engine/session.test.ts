import { afterAll, describe, expect, it } from 'vitest';
import { type Session, createSession } from '#engine/session.js';
import { GraphBuilder } from '#onnx/builder.js';
import { encodeModel } from '#onnx/model-file.js';

/** y = x + 1, positive = x ≥ 0, on `[n]`. */
function smallModel(): Uint8Array {
  const g = new GraphBuilder('small');
  const x = g.input('x', 'float32', ['n']);
  g.output(g.add(x, 1), 'y');
  g.output(g.greaterOrEqual(x, 0), 'positive');
  return encodeModel(g);
}

describe('the runtime adapter', async () => {
  const session: Session = await createSession(smallModel());
  afterAll(async () => session.release());
  const feeds = { x: { type: 'float32', data: Float32Array.of(-1, 2), dims: [2] } } as const;

  it('describes inputs and outputs', () => {
    expect(session.inputs).toEqual([{ name: 'x', type: 'float32', dims: ['n'] }]);
    expect(session.outputs.map((output) => [output.name, output.type])).toEqual([
      ['y', 'float32'],
      ['positive', 'bool'],
    ]);
  });

  it('returns all outputs, or those asked for', async () => {
    const all = await session.run(feeds);
    expect(all['y']).toEqual({ type: 'float32', data: Float32Array.of(0, 3), dims: [2] });
    expect(all['positive']).toEqual({ type: 'bool', data: Uint8Array.of(0, 1), dims: [2] });
    expect(Object.keys(await session.run(feeds, ['positive']))).toEqual(['positive']);
  });

  it('fills a pre-allocated output in place, views of larger buffers included', async () => {
    const buffer = new Float32Array(6);
    const y = { type: 'float32', data: buffer.subarray(2, 4), dims: [2] } as const;
    const outputs = await session.run(feeds, { y, positive: null });
    expect([...buffer]).toEqual([0, 0, 0, 3, 0, 0]);
    expect(outputs['y']).toBe(y);
    expect(outputs['positive']?.data).toEqual(Uint8Array.of(0, 1));
  });

  it('refuses unknown names and data that does not fit its dims', async () => {
    const z = { type: 'float32', data: new Float32Array(1), dims: [1] } as const;
    await expect(session.run({ z })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(session.run(feeds, ['z'])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(session.run({ x: { ...z, dims: [3] } })).rejects.toThrow(
      /x: dims \[3\] hold 3 elements, data has 1/,
    );
  });

  it('turns failures of the runtime into typed errors', async () => {
    const x = { type: 'float32', data: new Float32Array(4), dims: [2, 2] } as const;
    await expect(session.run({ x })).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(createSession(new Uint8Array(10))).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    await expect(createSession('/nonexistent.onnx')).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });
});
