import { gradients } from '#grad/differentiate.js';
import { GraphBuilder } from '#onnx/builder.js';
import { encodeModel } from '#onnx/model-file.js';
import type { Value } from '#onnx/types.js';
import { Random } from '#phy/random.js';
import { at, difference } from '../support/matchers.js';
import {
  type RunningModel,
  type Tensor,
  openModel,
  outputOf,
  sizeOf,
  tensorOf,
} from '../support/run-graph.js';

/** Receives one value for each shape of its case; typed as three, for whoever takes fewer. */
export type Build = (g: GraphBuilder, x: readonly [Value, Value, Value]) => Value | readonly Value[];

/** A function whose gradient is compared with central finite differences. */
export interface GradientCase {
  readonly name: string;
  /** Shapes of its float32 inputs. */
  readonly shapes: readonly (readonly number[])[];
  readonly build: Build;
  /** What the finite differences are taken of, where it is not the function itself (a surrogate's primitive). */
  readonly reference?: Build;
  /** Value of an element; standard normal by default. Where there are kinks, keep `step` away from them. */
  readonly draw?: (random: Random, operand: number, index: number) => number;
  /** Half the distance between the two points. */
  readonly step: number;
  /** Allowed difference for gradients of size 1, and relative to larger ones. */
  readonly tolerance: number;
}

/**
 * Multilinear and piecewise linear functions: the central difference is exact at any step, and a large one
 * keeps float32 rounding (1e-7 a term, over the step) small.
 */
export const EXACT = { step: 0.25, tolerance: 2e-5 } as const;
/** Curved functions: truncation h²·f‴/6 ≈ 2e-5·f‴ and rounding 1e-7/h = 1e-5 a term. */
export const CURVED = { step: 1e-2, tolerance: 1e-3 } as const;

type Weighting = 'weighted' | 'summed';

function asList(built: Value | readonly Value[]): readonly Value[] {
  return Array.isArray(built) ? (built as readonly Value[]) : [built as Value];
}

function declare(g: GraphBuilder, shapes: GradientCase['shapes']): readonly [Value, Value, Value] {
  const inputs = shapes.map((shape, i) => g.input(`x${i}`, 'float32', shape));
  return inputs as [Value, Value, Value];
}

/** Weight of an element of an output in the loss: `summed` lets the gradient arrive as a broadcast scalar. */
function weightsOf(weighting: Weighting, output: number, shape: readonly number[]): Float32Array {
  const random = Random.fromSeed('loss').fork(output);
  return Float32Array.from({ length: sizeOf(shape) }, () =>
    weighting === 'summed' ? 1 : 0.5 + random.uniform(),
  );
}

async function forward({ shapes, build, reference }: GradientCase): Promise<RunningModel> {
  const g = new GraphBuilder('forward');
  asList((reference ?? build)(g, declare(g, shapes))).forEach((y, i) => g.output(y, `y${i}`));
  return openModel(encodeModel(g));
}

async function backward({ shapes, build }: GradientCase, weighting: Weighting): Promise<RunningModel> {
  const g = new GraphBuilder('backward');
  const inputs = declare(g, shapes);
  const terms = asList(build(g, inputs)).map((y, i) => {
    const dims = y.shape as number[];
    const weighted =
      weighting === 'summed'
        ? y
        : g.mul(y, g.initializer(`weights${i}`, dims, weightsOf(weighting, i, dims)));
    return dims.length === 0 ? weighted : g.reduceSum(weighted, [...dims.keys()]);
  });
  const loss = terms.reduce((sum, term) => g.add(sum, term));
  gradients(g, loss, inputs.slice(0, shapes.length)).forEach((gradient, i) => g.output(gradient, `d${i}`));
  return openModel(encodeModel(g));
}

function lossOf(outputs: Readonly<Record<string, Tensor>>, weighting: Weighting): number {
  let loss = 0;
  for (let i = 0; outputs[`y${i}`]; i++) {
    const { data, dims } = outputOf(outputs, `y${i}`);
    const weights = weightsOf(weighting, i, dims);
    data.forEach((y, k) => {
      loss += y * at(weights, k);
    });
  }
  return loss;
}

async function numericGradient(
  model: RunningModel,
  feeds: Readonly<Record<string, Tensor>>,
  { name, step, weighting }: { name: string; step: number; weighting: Weighting },
): Promise<number[]> {
  const { data, dims } = outputOf(feeds, name);
  const slopes: number[] = [];
  for (let i = 0; i < data.length; i++) {
    const lossAfter = async (change: number): Promise<number> => {
      const moved = tensorOf(dims, data);
      moved.data[i] = at(data, i) + change;
      return lossOf(await model.run({ ...feeds, [name]: moved }), weighting);
    };
    slopes.push(((await lossAfter(step)) - (await lossAfter(-step))) / (2 * step));
  }
  return slopes;
}

/** @throws Error unless the gradients of Σ w·y with respect to every input equal finite differences. */
export async function checkGradients(test: GradientCase): Promise<void> {
  const random = Random.fromSeed(test.name);
  const draw = test.draw ?? ((source: Random) => source.normal());
  const feeds = Object.fromEntries(
    test.shapes.map((shape, operand) => [
      `x${operand}`,
      tensorOf(
        shape,
        Array.from({ length: sizeOf(shape) }, (_, index) => draw(random, operand, index)),
      ),
    ]),
  );
  const plain = await forward(test);
  for (const weighting of ['weighted', 'summed'] as const) {
    const derived = await backward(test, weighting);
    const outputs = await derived.run(feeds);
    for (const name of Object.keys(feeds)) {
      const analytic = outputOf(outputs, name.replace('x', 'd'));
      if (analytic.dims.join() !== feeds[name]?.dims.join())
        throw new Error(`${test.name}: the gradient of ${name} has shape [${analytic.dims.join(', ')}]`);
      const numeric = await numericGradient(plain, feeds, { name, step: test.step, weighting });
      const what = `${test.name}, ${weighting}, gradient of ${name}`;
      const tolerance = { absolute: test.tolerance, relative: test.tolerance, what };
      const problem = difference(analytic.data, numeric, tolerance);
      if (problem !== undefined) throw new Error(problem);
    }
    await derived.release();
  }
  await plain.release();
}
