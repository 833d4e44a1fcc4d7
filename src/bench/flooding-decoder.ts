/**
 * LDPC decoding as in the textbook: normalised min-sum in floating point, all checks, then all variables. A
 * reference for the speed of the decoder in `src/phy/coding`, with which it shares the base graphs alone.
 */
import { baseGraph, liftedShifts, PUNCTURED_COLUMNS } from '../phy/coding/base-graph.js';
import { type CodeBlockShape, fillerRange } from '../phy/coding/segmentation.js';

/** LLR of a filler bit, which is known to be 0. */
const CERTAIN = 1e6;

export interface FloodingOptions {
  readonly iterations: number;
  /** Factor of the check messages, in (0, 1]. */
  readonly scale: number;
}

export class FloodingDecoder {
  /** Variables of each check. */
  readonly #checks: readonly (readonly number[])[];
  readonly #channel: Float64Array;

  constructor(
    private readonly shape: CodeBlockShape,
    private readonly options: FloodingOptions,
  ) {
    const graph = baseGraph(shape.baseGraph);
    const shifts = liftedShifts(graph, shape.zc);
    const { zc } = shape;
    this.#checks = Array.from({ length: graph.rows * zc }, (_, check) => {
      const [row, i] = [Math.floor(check / zc), check % zc];
      const [first, end] = [graph.rowStart[row] as number, graph.rowStart[row + 1] as number];
      return Array.from({ length: end - first }, (__, e) => {
        const entry = first + e;
        return (graph.column[entry] as number) * zc + ((i + (shifts[entry] as number)) % zc);
      });
    });
    this.#channel = new Float64Array(graph.columns * zc);
  }

  /**
   * Runs all iterations, whether or not the parity checks hold before.
   * @param llrs `[N]` LLRs `ln P(0)/P(1)` of d (TS 38.212 §5.3.2).
   * @returns `[K]` hard decisions of the systematic bits.
   */
  decode(llrs: Float32Array): Uint8Array {
    const punctured = PUNCTURED_COLUMNS * this.shape.zc;
    const filler = fillerRange(this.shape);
    this.#channel.fill(0);
    this.#channel.set(llrs, punctured);
    this.#channel.fill(CERTAIN, punctured + filler.start, punctured + filler.end);
    let messages = this.#checks.map((variables) => variables.map(() => 0));
    let posterior = Float64Array.from(this.#channel);
    for (let i = 0; i < this.options.iterations; i++) {
      messages = this.#checks.map((variables, c) =>
        this.checkMessages(
          variables.map((v, e) => (posterior[v] as number) - ((messages[c] as number[])[e] as number)),
        ),
      );
      posterior = Float64Array.from(this.#channel);
      this.#checks.forEach((variables, c) =>
        variables.forEach(
          (v, e) => (posterior[v] = (posterior[v] as number) + ((messages[c] as number[])[e] as number)),
        ),
      );
    }
    return Uint8Array.from(posterior.subarray(0, this.shape.systematicBits), (llr) => (llr < 0 ? 1 : 0));
  }

  /** To each edge the sign and the smallest magnitude of all others, scaled. */
  private checkMessages(incoming: readonly number[]): number[] {
    let [smallest, second, negative] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, false];
    for (const llr of incoming) {
      const magnitude = Math.abs(llr);
      if (magnitude < smallest) [smallest, second] = [magnitude, smallest];
      else if (magnitude < second) second = magnitude;
      if (llr < 0) negative = !negative;
    }
    return incoming.map((llr) => {
      const magnitude = this.options.scale * (Math.abs(llr) === smallest ? second : smallest);
      return negative === llr < 0 ? magnitude : -magnitude;
    });
  }
}
