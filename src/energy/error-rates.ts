/** The SNR at 10 % BLER of evaluated models, from what `spikingrx evaluate` wrote. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { invalid, SpikingRxError } from '../errors.js';
import type { EvaluationPoint } from '../evaluate/point.js';
import { byCase, snrsAtTarget } from '../evaluate/summary.js';

/** A model as it is called here. */
export interface NamedModel {
  readonly name: string;
  readonly sha256: string;
}

/** By case, in dB; null where the curve does not cross 10 %. */
export type RequiredSnrs = Readonly<Record<string, number | null>>;

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

/** Name of the model in the evaluation: by its content where that is known, else by its name. */
function receiverName(model: NamedModel, configuration: unknown, where: string): string {
  if (!Value.Check(ConfigurationSchema, configuration)) return model.name;
  const same = configuration.receivers.find(({ sha256 }) => sha256 === model.sha256);
  const other = configuration.receivers.find(({ name }) => name === model.name);
  if (!same && other?.sha256 !== undefined)
    throw invalid(
      `--evaluation ${where}`,
      `the model ${model.name} with SHA-256 ${model.sha256}`,
      `one with ${other.sha256}`,
    );
  return same?.name ?? model.name;
}

/**
 * Finds the models in the evaluations.
 * @param paths folders that `evaluate --out` wrote, or files that `evaluate --format json` printed
 * @returns for each model, in their order, the SNRs at 10 % BLER by case; empty where it was not evaluated
 * @throws NOT_FOUND when there is no such file, INVALID_ARGUMENT when it is no evaluation, is one without a code,
 *   or is of another model of the same name
 */
export function requiredSnrs(paths: readonly string[], models: readonly NamedModel[]): RequiredSnrs[] {
  const evaluations = paths.map((path) => {
    const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'points.json') : path;
    const points = readJson(file);
    if (!Value.Check(PointsSchema, points))
      throw invalid(`--evaluation ${path}`, 'the points of an evaluation', 'something else');
    const cases = [...byCase(points as unknown as EvaluationPoint[])].map(([name, rows]) => ({
      case: name,
      required: snrsAtTarget(rows),
    }));
    if (cases.every(({ required }) => required.length === 0))
      throw invalid(`--evaluation ${path}`, 'block error rates', 'bit error rates only');
    const beside = join(dirname(file), 'configuration.json');
    return { path, cases, configuration: existsSync(beside) ? readJson(beside) : undefined };
  });
  return models.map((model) =>
    Object.fromEntries(
      evaluations.flatMap(({ path, cases, configuration }) => {
        const wanted = receiverName(model, configuration, path);
        return cases.flatMap(({ case: name, required }) => {
          const found = required.find((receiver) => receiver.name === wanted);
          return found ? [[name, found.snrDb ?? null] as const] : [];
        });
      }),
    ),
  );
}
