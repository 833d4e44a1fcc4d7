import type { GraphBuilder } from '../onnx/builder.js';
import type { Value } from '../onnx/types.js';

/**
 * Spike with a triangular surrogate: forward the Heaviside step H(x) (1 where x ≥ 0), backward
 * σ′(x) = max(0, 1 − |x|/a)/a, the derivative of a smooth step that rises from 0 at −a to 1 at a.
 */
export class TriangularSurrogate {
  /** @param width a, in units of the membrane potential. @throws RangeError unless positive and finite. */
  constructor(readonly width = 1) {
    if (!(width > 0 && Number.isFinite(width)))
      throw new RangeError(`surrogate width: expected a positive number, received ${width}`);
  }

  /** Adds H(x − threshold) to the graph; differentiation of the graph uses the surrogate. */
  apply(g: GraphBuilder, x: Value, threshold = 0): Value {
    return g.spike(x, { threshold, surrogateWidth: this.width });
  }

  /** σ′(x), the derivative used in the backward pass. */
  derivative(x: number): number {
    return Math.max(0, 1 - Math.abs(x) / this.width) / this.width;
  }

  /** σ(x), the primitive of `derivative`: 0 below −a, 1 above a, 1/2 at 0. */
  primitive(x: number): number {
    const y = Math.min(1, Math.max(-1, x / this.width));
    return 0.5 + y - (y * Math.abs(y)) / 2;
  }

  /** The same neuron with its membrane potential measured in units of the threshold. */
  inUnitsOf(threshold: number): TriangularSurrogate {
    return new TriangularSurrogate(this.width / threshold);
  }
}
