import type { GraphBuilder } from '../onnx/builder.js';
import type { Value } from '../onnx/types.js';
import type { TensorSpec, Weights } from './parameters.js';

/** One tensor for each time step, all of one shape `[B, …]`. */
export type Steps = readonly Value[];

/** Mean and variance per channel, each `[1, C, 1, 1]`. */
export interface Moments {
  readonly mean: Value;
  readonly variance: Value;
}

/**
 * Where SpikeNorm takes its statistics from. `batch` computes them and reports them (training); `frozen` looks
 * them up (service), so that a grid's answer never depends on its neighbours in the batch.
 */
export type Normalisation =
  | { readonly kind: 'batch'; readonly observe: (layer: string, step: number, moments: Moments) => void }
  | { readonly kind: 'frozen'; readonly moments: (layer: string, step: number) => Moments };

/** What a module needs to add itself to a graph. */
export interface BuildContext {
  readonly g: GraphBuilder;
  /** The value of a parameter, by its full name. */
  readonly parameter: (name: string) => Value;
  readonly normalisation: Normalisation;
}

/** A parameter source that puts the weights into the graph as initialisers, each once. */
export function initializerSource(
  g: GraphBuilder,
  specs: readonly TensorSpec[],
  weights: Weights,
): (name: string) => Value {
  const shapes = new Map(specs.map(({ name, shape }) => [name, shape]));
  const known = new Map<string, Value>();
  return (name) => {
    const value = known.get(name) ?? g.initializer(name, shapeOf(shapes, name), dataOf(weights, name));
    known.set(name, value);
    return value;
  };
}

function shapeOf(shapes: ReadonlyMap<string, readonly number[]>, name: string): readonly number[] {
  const shape = shapes.get(name);
  if (!shape) throw new Error(`no tensor is called '${name}'`);
  return shape;
}

/** The values of a tensor. @throws Error when there is none of this name. */
export function dataOf(weights: Weights, name: string): Float32Array {
  const data = weights.get(name);
  if (!data) throw new Error(`no values for tensor '${name}'`);
  return data;
}

/** Cuts `[B, T, …]` into T tensors `[B, …]`. */
export function unstack(g: GraphBuilder, x: Value): Steps {
  const steps = x.shape[1];
  if (typeof steps !== 'number')
    throw new Error(`the number of time steps must be fixed, received '${steps}'`);
  return g.split(x, 1, steps).map((part) => g.squeeze(part, [1]));
}

/** Joins T tensors `[B, …]` into `[B, T, …]`. */
export function stack(g: GraphBuilder, steps: Steps): Value {
  return g.concat(
    steps.map((step) => g.unsqueeze(step, [1])),
    1,
  );
}
