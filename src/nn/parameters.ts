import { elementCount } from '../onnx/shapes.js';

/** How a parameter starts. `normal` has mean 0; `uniform` spans ±bound. */
export type Initialisation =
  | { readonly kind: 'normal'; readonly std: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'constant'; readonly value: number };

/** A named float32 tensor of the network: a trainable parameter or a running statistic. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initialisation: Initialisation;
  /** Weight decay applies to convolution weights, not to biases, norms and β. */
  readonly decay: boolean;
}

/** Values by name, each as long as its spec says. */
export type Weights = ReadonlyMap<string, Float32Array>;

/** The source of randomness for initialisation: seeded by the caller. */
export interface RandomSource {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
}

export function constantSpec(name: string, shape: readonly number[], value: number): TensorSpec {
  return { name, shape, initialisation: { kind: 'constant', value }, decay: false };
}

/** Total number of elements. */
export function totalSize(specs: readonly TensorSpec[]): number {
  return specs.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

function draw({ shape, initialisation }: TensorSpec, random: RandomSource): Float32Array {
  const length = elementCount(shape);
  switch (initialisation.kind) {
    case 'constant':
      return new Float32Array(length).fill(initialisation.value);
    case 'normal':
      return Float32Array.from({ length }, () => random.normal() * initialisation.std);
    case 'uniform':
      return Float32Array.from({ length }, () => (2 * random.uniform() - 1) * initialisation.bound);
    default:
      return initialisation satisfies never;
  }
}

/** Draws every tensor in the order of the specs. */
export function initialise(specs: readonly TensorSpec[], random: RandomSource): Map<string, Float32Array> {
  return new Map(specs.map((spec) => [spec.name, draw(spec, random)]));
}

/** Lays the tensors end to end, in the order of the specs. */
export function flatten(specs: readonly TensorSpec[], weights: Weights): Float32Array<ArrayBuffer> {
  const flat = new Float32Array(totalSize(specs));
  let offset = 0;
  for (const { name, shape } of specs) {
    const values = weights.get(name);
    if (values?.length !== elementCount(shape))
      throw new Error(
        `tensor '${name}': expected ${elementCount(shape)} values, received ${values?.length ?? 'none'}`,
      );
    flat.set(values, offset);
    offset += values.length;
  }
  return flat;
}

/** The inverse of `flatten`. */
export function unflatten(specs: readonly TensorSpec[], flat: Float32Array): Map<string, Float32Array> {
  if (flat.length !== totalSize(specs))
    throw new Error(
      `expected ${totalSize(specs)} values for ${specs.length} tensors, received ${flat.length}`,
    );
  let offset = 0;
  return new Map(
    specs.map(({ name, shape }) => {
      const start = offset;
      offset += elementCount(shape);
      return [name, flat.slice(start, offset)];
    }),
  );
}
