/** What `spikingrx evaluate` wrote, read again. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { invalid, SpikingRxError } from '../errors.js';
import type { EvaluationPoint } from './point.js';

/** A model as it is called here. */
export interface NamedModel {
  readonly name: string;
  readonly sha256: string;
}

export interface EvaluationResults {
  /** Folder or file, as it was given. */
  readonly path: string;
  readonly points: readonly EvaluationPoint[];
  /** Receivers with the hashes of their models; undefined where the configuration is not beside the points. */
  readonly receivers: readonly Partial<NamedModel>[] | undefined;
}

const PointsSchema = Type.Array(
  Type.Object({
    case: Type.String(),
    snrDb: Type.Number(),
    receivers: Type.Array(Type.Object({ name: Type.String() })),
  }),
  { minItems: 1 },
);
const ConfigurationSchema = Type.Object({
  receivers: Type.Array(Type.Object({ name: Type.String(), sha256: Type.Optional(Type.String()) })),
});

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SpikingRxError('NOT_FOUND', `--evaluation: cannot read ${path}: ${reason}`, { cause });
  }
}

/**
 * @param path a folder that `evaluate --out` wrote, or a file that `evaluate --format json` printed
 * @throws NOT_FOUND when there is no such file, INVALID_ARGUMENT when it is no evaluation
 */
export function readResults(path: string): EvaluationResults {
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'points.json') : path;
  const points = readJson(file);
  if (!Value.Check(PointsSchema, points))
    throw invalid(`--evaluation ${path}`, 'the points of an evaluation', 'something else');
  const beside = join(dirname(file), 'configuration.json');
  const configuration = existsSync(beside) ? readJson(beside) : undefined;
  const receivers = Value.Check(ConfigurationSchema, configuration) ? configuration.receivers : undefined;
  return { path, points: points as unknown as EvaluationPoint[], receivers };
}

/**
 * Name of a model in an evaluation: by its content where that is known, else by its name.
 * @throws INVALID_ARGUMENT when the evaluation is of another model of the same name
 */
export function receiverName(model: NamedModel, { path, receivers = [] }: EvaluationResults): string {
  const same = receivers.find(({ sha256 }) => sha256 === model.sha256);
  const other = receivers.find(({ name }) => name === model.name);
  if (!same && other?.sha256 !== undefined)
    throw invalid(
      `--evaluation ${path}`,
      `the model ${model.name} with SHA-256 ${model.sha256}`,
      `one with ${other.sha256}`,
    );
  return same?.name ?? model.name;
}
