import { SHAPE_RULES, elementCount, formatShape, type Signature } from './shapes.js';
import type { DataType, Initializer, Node, Operator, OperatorAttributes, Shape, Value } from './types.js';

type Rule = (inputs: readonly Signature[], attributes: OperatorAttributes[Operator]) => readonly Signature[];

/**
 * A graph under construction: inputs, initialisers, nodes in execution order, outputs. Types and shapes are
 * inferred and checked as each node is added; an error names the node, its operator and the shapes.
 */
export class Graph {
  readonly inputs: Value[] = [];
  readonly initializers: Initializer[] = [];
  readonly nodes: Node[] = [];
  readonly outputs: Value[] = [];
  readonly #names = new Set<string>();
  readonly #constants = new Map<string, Value>();
  #scope = '';

  constructor(readonly name: string) {}

  /** Prefixes the names of everything that `build` adds with `scope/`. */
  scope<R>(scope: string, build: () => R): R {
    const outer = this.#scope;
    this.#scope = `${outer}${scope}/`;
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  input(name: string, type: DataType, shape: Shape): Value {
    const value: Value = { name: this.#claim(name), type, shape, producer: undefined };
    this.inputs.push(value);
    return value;
  }

  /** Data that travels in the model. `name` is taken as it is: initialisers are addressed from outside. */
  initializer(name: string, shape: readonly number[], data: Float32Array | BigInt64Array): Value {
    if (data.length !== elementCount(shape))
      throw new Error(`initialiser '${name}': ${data.length} elements do not fill ${formatShape(shape)}`);
    const type = data instanceof Float32Array ? 'float32' : 'int64';
    const value: Value = { name: this.#claim(name), type, shape, producer: undefined };
    this.initializers.push({ value, data });
    return value;
  }

  /** A float32 scalar, shared by all its uses. */
  scalar(x: number): Value {
    return this.#constant(`scalar_${x}`, () => this.initializer(`scalar_${x}`, [], Float32Array.of(x)));
  }

  /** An int64 vector, shared by all its uses. */
  int64s(values: readonly number[]): Value {
    const name = `int64_${values.join('_')}`;
    return this.#constant(name, () =>
      this.initializer(
        name,
        [values.length],
        BigInt64Array.from(values, (v) => BigInt(v)),
      ),
    );
  }

  /** Adds a node. @throws Error when the inputs do not fit the operator. */
  node<K extends Operator>(
    op: K,
    inputs: readonly Value[],
    attributes: OperatorAttributes[K],
  ): readonly Value[] {
    const name = this.#unique(`${this.#scope}${op}`);
    const signatures = this.#infer(op, name, inputs, attributes);
    const outputs: Value[] = [];
    const node: Node<K> = { op, name, inputs, outputs, attributes };
    signatures.forEach(({ type, shape }, i) => {
      const outputName = signatures.length === 1 ? name : this.#claim(`${name}:${i}`);
      outputs.push({ name: outputName, type, shape, producer: node });
    });
    this.nodes.push(node);
    return outputs;
  }

  /** Marks a value as an output, under a name of its own. */
  output(value: Value, name: string): void {
    const identity: Value[] = [];
    const node: Node<'Identity'> = {
      op: 'Identity',
      name: `output/${name}`,
      inputs: [value],
      outputs: identity,
      attributes: {},
    };
    const output: Value = { ...value, name: this.#claim(name), producer: node };
    identity.push(output);
    this.nodes.push(node);
    this.outputs.push(output);
  }

  #infer<K extends Operator>(
    op: K,
    name: string,
    inputs: readonly Value[],
    attributes: OperatorAttributes[K],
  ): readonly Signature[] {
    try {
      return (SHAPE_RULES[op] as Rule)(inputs, attributes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`node '${name}' (${op}): ${reason}`, { cause: error });
    }
  }

  #constant(name: string, make: () => Value): Value {
    const known = this.#constants.get(name) ?? make();
    this.#constants.set(name, known);
    return known;
  }

  #unique(base: string): string {
    let name = base;
    for (let n = 2; this.#names.has(name); n++) name = `${base}_${n}`;
    this.#names.add(name);
    return name;
  }

  #claim(name: string): string {
    if (this.#names.has(name)) throw new Error(`the name '${name}' is taken in graph '${this.name}'`);
    this.#names.add(name);
    return name;
  }
}
