import type { GraphBuilder } from '../onnx/builder.js';
import type { Node, Operator, OperatorAttributes, Value } from '../onnx/types.js';
import { materialise } from './broadcast.js';
import { GRADIENT_RULES, type Gradient, type RuleArguments, zerosLike } from './rules.js';

type AnyRule = (args: RuleArguments<OperatorAttributes[Operator]>) => readonly Gradient[];

/**
 * Adds the gradient of a scalar to the graph by reverse-mode differentiation.
 * @param loss the scalar to differentiate, `[]`
 * @param parameters values of the graph, float32; sizes on the path must be fixed
 * @returns one value for each parameter, of its shape; zeros where the loss does not depend on it
 * @throws Error when the loss is no scalar
 */
export function gradients(g: GraphBuilder, loss: Value, parameters: readonly Value[]): Value[] {
  if (loss.shape.length !== 0)
    throw new Error(`the loss must be a scalar, received [${loss.shape.join(', ')}]`);
  const nodes = [...g.nodes];
  const active = dependents(nodes, parameters);
  const accumulated = new Map<string, Value>([[loss.name, g.scalar(1)]]);
  g.scope('gradient', () => {
    for (const node of nodes.toReversed()) backpropagate(g, node, active, accumulated);
  });
  return parameters.map((parameter) => {
    const gradient = accumulated.get(parameter.name) ?? zerosLike(g, parameter);
    return materialise(g, gradient, parameter.shape);
  });
}

/** Names of all values that depend on the parameters, the parameters among them. */
function dependents(nodes: readonly Node[], parameters: readonly Value[]): ReadonlySet<string> {
  const active = new Set(parameters.map(({ name }) => name));
  for (const node of nodes)
    if (node.inputs.some(({ name }) => active.has(name)))
      for (const { name } of node.outputs) active.add(name);
  return active;
}

function backpropagate(
  g: GraphBuilder,
  node: Node,
  active: ReadonlySet<string>,
  accumulated: Map<string, Value>,
): void {
  const arrived = node.outputs.map(({ name }) => accumulated.get(name));
  const first = arrived.find((gradient) => gradient !== undefined);
  if (!first || !node.outputs.some(({ name }) => active.has(name))) return;
  const full = (output = 0): Value => {
    const value = node.outputs[output] as Value;
    const gradient = arrived[output];
    return gradient ? materialise(g, gradient, value.shape) : zerosLike(g, value);
  };
  const needs = (input: number): boolean => active.has(node.inputs[input]?.name ?? '');
  const rule = GRADIENT_RULES[node.op] as AnyRule;
  const { inputs, outputs, attributes } = node;
  rule({ g, inputs, outputs, attributes, dy: first, full, needs }).forEach((gradient, i) => {
    const input = inputs[i];
    if (!gradient || !input || !active.has(input.name)) return;
    const before = accumulated.get(input.name);
    accumulated.set(input.name, before ? g.add(before, gradient) : gradient);
  });
}
