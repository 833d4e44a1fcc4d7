import { SpikingRxError, invalid } from '../../errors.js';
import { TENSOR_NAMES } from '../../onnx/contract.js';
import { readNodes } from '../../onnx/model-nodes.js';
import { findTaps, tapName, withTaps } from '../../onnx/taps.js';
import { allFinite, formatLlr } from '../llr-format.js';
import type { RuntimeTensor, Session, createSession } from '../session.js';
import type { GridShape, LlrFormat } from '../types.js';
import { countSpikes, joinMembranes, packSpikes, packedBytes } from './counts.js';
import type { LayerSpikes, SpikesWanted, TappedRun } from './types.js';

/** A grid as the worker gets it: the arrays of an `LlrRequest`. */
export interface TappedGrid {
  readonly shape: GridShape;
  readonly rxGrid: Float32Array<ArrayBuffer>;
  readonly dmrs: Float32Array<ArrayBuffer>;
  readonly dataMask: Uint8Array<ArrayBuffer>;
  readonly format: LlrFormat;
  readonly wanted: SpikesWanted;
}

interface TappedLayer {
  readonly name: string;
  readonly channels: number;
  readonly steps: number;
}

/**
 * A served model with the membrane potentials of its spiking layers as further outputs: spikes are where they reach
 * 1, and reading them leaves the arithmetic, and so the LLRs, as they are.
 */
export class TappedModel {
  private constructor(
    private readonly session: Session,
    private readonly layers: readonly TappedLayer[],
  ) {}

  /** @throws FAILED_PRECONDITION for a model without spiking layers as `export` writes them. */
  static async load(file: Uint8Array, create: typeof createSession): Promise<TappedModel> {
    const taps = [...findTaps(readNodes(file))];
    if (taps.length === 0) throw withoutLayers('no spiking layers');
    const session = await create(withTaps(file, ['membrane']), { provider: 'cpu', intraOpThreads: 1 });
    const layers = taps.map(([name, { length: steps }]): TappedLayer => {
      const output = session.outputs.find((one) => one.name === tapName(name, 0, 'membrane'));
      const channels = output?.dims[1];
      if (typeof channels !== 'number')
        throw withoutLayers(`a layer '${name}' of no fixed number of channels`);
      return { name, channels, steps };
    });
    return new TappedModel(session, layers);
  }

  /**
   * @throws INVALID_ARGUMENT for a layer that the model does not have, PAYLOAD_TOO_LARGE before it computes what
   *   would be larger than wanted, INTERNAL when the runtime fails.
   */
  async run(grid: TappedGrid): Promise<Omit<TappedRun, 'loadMs'>> {
    const wanted = this.wantedLayers(grid.wanted.layers);
    requireSize(wanted, grid);
    const { nRx, nSym, nSc } = grid.shape;
    const feeds = {
      [TENSOR_NAMES.rxGrid]: tensor(grid.rxGrid, [1, 2 * nRx, nSym, nSc]),
      [TENSOR_NAMES.dmrs]: tensor(grid.dmrs, [1, 2, nSym, nSc]),
    };
    const fetches = [TENSOR_NAMES.llr, ...wanted.flatMap((layer) => tapsOf(layer))];
    const started = performance.now();
    const outputs = await this.session.run(feeds, fetches);
    const computeMs = performance.now() - started;
    const layers = wanted.map((layer) => layerSpikes(layer, outputs, grid));
    const timeSteps = Math.max(...this.layers.map(({ steps }) => steps));
    return { timeSteps, layers, llr: llrOf(outputs, grid), computeMs };
  }

  async release(): Promise<void> {
    await this.session.release();
  }

  private wantedLayers(names: readonly string[] | undefined): readonly TappedLayer[] {
    const unknown = names?.find((name) => this.layers.every((layer) => layer.name !== name));
    if (unknown !== undefined)
      throw invalid('layers', this.layers.map(({ name }) => name).join(', '), `'${unknown}'`);
    return this.layers.filter(({ name }) => names?.includes(name) ?? true);
  }
}

function withoutLayers(found: string): SpikingRxError {
  return new SpikingRxError('FAILED_PRECONDITION', `model: this model has ${found}, so no spikes to show`, {
    field: 'model',
    expected: 'a model of spiking layers, as export writes it',
    received: found,
  });
}

function tapsOf({ name, steps }: TappedLayer): string[] {
  return Array.from({ length: steps }, (_, step) => tapName(name, step, 'membrane'));
}

function requireSize(layers: readonly TappedLayer[], { shape, wanted }: TappedGrid): void {
  const plane = shape.nSym * shape.nSc;
  const bytes = layers.reduce((sum, { channels, steps }) => {
    const neurons = steps * channels * plane;
    const spikes = wanted.kinds.includes('spikes') ? packedBytes(neurons) : 0;
    const membrane = wanted.kinds.includes('membrane') ? Float32Array.BYTES_PER_ELEMENT * neurons : 0;
    return sum + steps * plane * Uint16Array.BYTES_PER_ELEMENT + spikes + membrane;
  }, 0);
  if (bytes <= wanted.maxBytes) return;
  const expected = `layers and kinds whose spikes take at most ${wanted.maxBytes} bytes (ask for fewer)`;
  const received = `${bytes} bytes`;
  throw new SpikingRxError('PAYLOAD_TOO_LARGE', `layers: expected ${expected}, received ${received}`, {
    field: 'layers',
    expected,
    received,
  });
}

function tensor(data: Float32Array<ArrayBuffer>, dims: readonly number[]): RuntimeTensor {
  return { type: 'float32', data, dims };
}

function layerSpikes(
  layer: TappedLayer,
  outputs: Readonly<Record<string, RuntimeTensor>>,
  { shape, wanted }: TappedGrid,
): LayerSpikes {
  const { name, channels } = layer;
  const membranes = tapsOf(layer).map((tap) => outputs[tap]?.data as Float32Array);
  const { rates, counts } = countSpikes(membranes, channels, shape.nSym * shape.nSc);
  return {
    name,
    channels,
    rates,
    counts: new Uint8Array(counts.buffer),
    ...(wanted.kinds.includes('spikes') && { spikes: packSpikes(membranes) }),
    ...(wanted.kinds.includes('membrane') && { membrane: joinMembranes(membranes) }),
  };
}

function llrOf(
  outputs: Readonly<Record<string, RuntimeTensor>>,
  { shape: { nSym, nSc }, dataMask, format }: TappedGrid,
): TappedRun['llr'] {
  const { data, dims } = outputs[TENSOR_NAMES.llr] as RuntimeTensor;
  const planes = data as Float32Array;
  if (!allFinite(planes))
    throw new SpikingRxError('INTERNAL', 'the model returned LLRs that are not finite for this grid');
  return formatLlr({ planes, dataMask, bitsPerSymbol: dims[1] ?? 0, nSym, nSc }, format);
}
