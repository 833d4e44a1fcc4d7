import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SpikingRxError, invalid } from '../errors.js';
import { parameterSpecs, runningStatisticSpecs } from '../nn/spikingrx.js';
import { type TensorSpec, flatten, initialise, totalSize, unflatten } from '../nn/parameters.js';
import type { TrainedNetwork } from '../nn/service-graph.js';
import { Random } from '../phy/random.js';
import { type TrainConfig, parseTrainConfig } from './config.js';
import { STATE_NAMES, type StateName } from './step-graph.js';

/** All that a run needs to go on exactly where it stopped. */
export interface Checkpoint {
  readonly config: TrainConfig;
  /** Steps done. */
  readonly step: number;
  /** Flat float32 vectors of the step graph. */
  readonly state: Readonly<Record<StateName, Float32Array>>;
}

const MAGIC = 'SPIKINGRX-CHECKPOINT-1\n';

function stateSizes(config: TrainConfig): Record<StateName, number> {
  const parameters = totalSize(parameterSpecs(config.network));
  return {
    parameters,
    first_moment: parameters,
    second_moment: parameters,
    statistics: totalSize(runningStatisticSpecs(config.network)),
  };
}

/** The start of a run: parameters drawn from the seed, moments zero. */
export function initialCheckpoint(config: TrainConfig): Checkpoint {
  const random = Random.fromSeed(config.seed).fork('parameters');
  const specs = parameterSpecs(config.network);
  const statistics = runningStatisticSpecs(config.network);
  const parameters = flatten(specs, initialise(specs, random));
  return {
    config,
    step: 0,
    state: {
      parameters,
      first_moment: new Float32Array(parameters.length),
      second_moment: new Float32Array(parameters.length),
      statistics: flatten(statistics, initialise(statistics, random)),
    },
  };
}

/** A checkpoint's start, and what it took from another. */
export interface WarmStart {
  readonly checkpoint: Checkpoint;
  /** Names of the parameters and statistics that came from the other checkpoint. */
  readonly taken: readonly string[];
  /** Names of those drawn from the seed. */
  readonly drawn: readonly string[];
}

/**
 * The start of a run that takes every tensor of the same name and shape from another run's checkpoint. The
 * optimiser's moments start at zero.
 * @throws INVALID_ARGUMENT when no tensor fits.
 */
export function warmCheckpoint(config: TrainConfig, other: Checkpoint): WarmStart {
  const fresh = initialCheckpoint(config);
  const [theirs, ours] = [specsOf(other.config), specsOf(config)];
  const shapes = new Map([...theirs.parameters, ...theirs.statistics].map((s) => [s.name, s.shape.join()]));
  const fits = ({ name, shape }: TensorSpec): boolean => shapes.get(name) === shape.join();
  const mix = (part: 'parameters' | 'statistics'): Float32Array => {
    const found = unflatten(theirs[part], other.state[part]);
    const own = unflatten(ours[part], fresh.state[part]);
    const mixed = ours[part].map(
      (s) => [s.name, (fits(s) ? found : own).get(s.name) as Float32Array] as const,
    );
    return flatten(ours[part], new Map(mixed));
  };
  const all = [...ours.parameters, ...ours.statistics];
  const taken = all.filter(fits).map(({ name }) => name);
  if (taken.length === 0)
    throw invalid(
      'startFrom',
      'a checkpoint that shares tensors with this network',
      'none of its tensors fits',
    );
  return {
    checkpoint: {
      ...fresh,
      state: { ...fresh.state, parameters: mix('parameters'), statistics: mix('statistics') },
    },
    taken,
    drawn: all.filter((spec) => !fits(spec)).map(({ name }) => name),
  };
}

function specsOf({ network }: TrainConfig) {
  return { parameters: parameterSpecs(network), statistics: runningStatisticSpecs(network) };
}

/** Writes a checkpoint: a magic line, one line of JSON, then the vectors, little-endian. Replaces it as a whole. */
export function saveCheckpoint(path: string, { config, step, state }: Checkpoint): void {
  const header = Buffer.from(`${MAGIC}${JSON.stringify({ config, step })}\n`);
  const vectors = STATE_NAMES.map((name) => {
    const { buffer, byteOffset, byteLength } = state[name];
    return new Uint8Array(buffer, byteOffset, byteLength);
  });
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, Buffer.concat([header, ...vectors]));
  renameSync(temporary, path);
}

/**
 * Reads a checkpoint.
 * @throws NOT_FOUND when there is none, INVALID_ARGUMENT when the file is no checkpoint or is cut short.
 */
export function loadCheckpoint(path: string): Checkpoint {
  if (!existsSync(path)) throw new SpikingRxError('NOT_FOUND', `no checkpoint at ${path}`);
  const file = readFileSync(path);
  if (file.subarray(0, MAGIC.length).toString() !== MAGIC)
    throw invalid(path, 'a checkpoint of this program', 'another file');
  const end = file.indexOf('\n', MAGIC.length);
  const header = parseHeader(path, file.subarray(MAGIC.length, end < 0 ? file.length : end).toString());
  const config = parseTrainConfig(header.config);
  const sizes = stateSizes(config);
  const expected = STATE_NAMES.reduce((sum, name) => sum + 4 * sizes[name], end + 1);
  if (file.length !== expected) throw invalid(path, `${expected} bytes`, `${file.length} bytes`);
  let offset = end + 1;
  const take = (name: StateName): Float32Array => {
    const bytes = file.subarray(offset, offset + 4 * sizes[name]);
    offset += bytes.length;
    return new Float32Array(Uint8Array.from(bytes).buffer);
  };
  const state = Object.fromEntries(STATE_NAMES.map((name) => [name, take(name)])) as Checkpoint['state'];
  return { config, step: header.step, state };
}

function parseHeader(path: string, line: string): { config: unknown; step: number } {
  try {
    const header = JSON.parse(line) as { config?: unknown; step?: unknown } | null;
    const step = header?.step;
    if (typeof step === 'number' && Number.isInteger(step) && step >= 0)
      return { config: header?.config, step };
  } catch {
    // Told below, with the file's name.
  }
  throw invalid(path, 'a header with configuration and step', 'a damaged or cut one');
}

/** The network as it stands in a checkpoint. */
export function networkOf({ config, state }: Checkpoint): TrainedNetwork {
  return {
    config: config.network,
    weights: unflatten(parameterSpecs(config.network), state.parameters),
    statistics: unflatten(runningStatisticSpecs(config.network), state.statistics),
  };
}
