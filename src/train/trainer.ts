import { type Session, type SessionOptions, createSession } from '../engine/session.js';
import { SpikingRxError } from '../errors.js';
import { bitsPerSymbol } from '../nn/config.js';
import { Random } from '../phy/random.js';
import type { Checkpoint } from './checkpoint.js';
import { type Batch, drawBatch } from './data.js';
import { learningRateAt } from './schedule.js';
import { STATE_NAMES, buildStepGraph } from './step-graph.js';

/** What one step tells. */
export interface StepReport {
  /** Steps done, this one included. */
  readonly step: number;
  /** Binary cross-entropy, nats a bit. */
  readonly loss: number;
  /** Share of data bits whose LLR has the wrong sign. */
  readonly bitErrorRate: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Spikes per neuron and time step, for each spiking layer. */
  readonly firingRates: readonly number[];
}

type FloatTensor = {
  readonly type: 'float32';
  readonly data: Float32Array;
  readonly dims: readonly number[];
};

function tensor(data: Float32Array, dims: readonly number[] = [data.length]): FloatTensor {
  return { type: 'float32', data, dims };
}

function scalar(value: number): FloatTensor {
  return tensor(Float32Array.of(value), []);
}

/**
 * Runs the step graph over random batches. The batch of each step follows from the seed and the step's number
 * alone, so a run that is interrupted and resumed gives the same numbers as one that was not.
 */
export class Trainer {
  readonly #sessions = new Map<string, Session>();
  #checkpoint: Checkpoint;

  constructor(
    start: Checkpoint,
    private readonly runtime: SessionOptions = {},
  ) {
    this.#checkpoint = start;
  }

  get checkpoint(): Checkpoint {
    return this.#checkpoint;
  }

  /** @throws SpikingRxError INTERNAL when the loss is not finite; the state stays as it was before the step. */
  async step(): Promise<StepReport> {
    const { config, step } = this.#checkpoint;
    const random = Random.fromSeed(config.seed).fork('batches').fork(step);
    const { modulation, nRx } = config.network;
    const batch = drawBatch(config.data, { modulation, nRx, batch: config.optimiser.batch }, random);
    const session = await this.#sessionFor(batch);
    const learningRate = learningRateAt(config.optimiser, step);
    const outputs = await session.run(this.#feeds(batch, learningRate));
    const output = (name: string): Float32Array => outputs[name]?.data as Float32Array;
    const loss = output('loss')[0] as number;
    const gradientNorm = output('gradient_norm')[0] as number;
    // A gradient that is not finite would spoil every parameter, although the loss is still fine.
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm))
      throw new SpikingRxError(
        'INTERNAL',
        `step ${step + 1}: loss ${loss}, gradient norm ${gradientNorm}: lower the learning rate`,
      );
    const state = Object.fromEntries(STATE_NAMES.map((name) => [name, output(`next_${name}`)]));
    this.#checkpoint = { config, step: step + 1, state: state as Checkpoint['state'] };
    return {
      step: step + 1,
      loss,
      bitErrorRate: (output('bit_errors')[0] as number) / batch.bits,
      gradientNorm,
      learningRate,
      firingRates: [...output('firing_rates')],
    };
  }

  async release(): Promise<void> {
    for (const session of this.#sessions.values()) await session.release();
    this.#sessions.clear();
  }

  #feeds(batch: Batch, learningRate: number): Record<string, FloatTensor> {
    const { config, state, step } = this.#checkpoint;
    const { beta1, beta2 } = config.optimiser;
    const grid = (data: Float32Array, planes: number): FloatTensor =>
      tensor(data, [batch.batch, planes, batch.nSym, batch.nSc]);
    return {
      ...Object.fromEntries(STATE_NAMES.map((name) => [name, tensor(state[name])])),
      rx_grid: grid(batch.rxGrid, 2 * config.network.nRx),
      dmrs: grid(batch.dmrs, 2),
      bit_signs: grid(batch.bitSigns, bitsPerSymbol(config.network)),
      re_weights: grid(batch.weights, 1),
      learning_rate: scalar(learningRate),
      correction1: scalar(1 / (1 - beta1 ** (step + 1))),
      correction2: scalar(1 / (1 - beta2 ** (step + 1))),
    };
  }

  /** One session for each batch shape, built when it is first needed. */
  async #sessionFor(batch: Batch): Promise<Session> {
    const key = `${batch.nSym}x${batch.nSc}`;
    const known = this.#sessions.get(key);
    if (known) return known;
    const { network, optimiser } = this.#checkpoint.config;
    const session = await createSession(buildStepGraph(network, batch, optimiser), this.runtime);
    this.#sessions.set(key, session);
    return session;
  }
}
