import { createSession } from '#engine/session.js';
import type { GraphBuilder } from '#onnx/builder.js';
import { encodeModel } from '#onnx/model-file.js';
import type { Random } from '#phy/random.js';

/** A float32 tensor, row-major. */
export interface Tensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

export type Tensors = Readonly<Record<string, Tensor>>;

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

export function tensorOf(dims: readonly number[], values: ArrayLike<number>): Tensor {
  return { data: Float32Array.from(values), dims };
}

/** Standard normal values. */
export function normalTensor(random: Random, dims: readonly number[]): Tensor {
  return tensorOf(
    dims,
    Array.from({ length: sizeOf(dims) }, () => random.normal()),
  );
}

/** A model in ONNX Runtime, fed and read as plain tensors. */
export interface RunningModel {
  run(feeds: Tensors): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

export async function openModel(model: Uint8Array): Promise<RunningModel> {
  const session = await createSession(model);
  return {
    run: async (feeds) => {
      const typed = Object.fromEntries(
        Object.entries(feeds).map(([name, { data, dims }]) => [
          name,
          { type: 'float32' as const, data, dims },
        ]),
      );
      const outputs = await session.run(typed);
      return Object.fromEntries(
        Object.entries(outputs).map(([name, { data, dims }]) => [name, { data: data as Float32Array, dims }]),
      );
    },
    release: () => session.release(),
  };
}

/** Runs a model once. */
export async function runModel(model: Uint8Array, feeds: Tensors): Promise<Record<string, Tensor>> {
  const session = await openModel(model);
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

/** Serialises a graph and runs it once. */
export function runGraph(g: GraphBuilder, feeds: Tensors): Promise<Record<string, Tensor>> {
  return runModel(encodeModel(g), feeds);
}

/** An output that must be there. */
export function outputOf(outputs: Tensors, name: string): Tensor {
  const tensor = outputs[name];
  if (!tensor) throw new Error(`no output '${name}' among ${Object.keys(outputs).join(', ')}`);
  return tensor;
}
