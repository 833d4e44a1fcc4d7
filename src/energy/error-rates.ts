/** The SNR at 10 % BLER of evaluated models, from what `spikingrx evaluate` wrote. */
import { invalid } from '../errors.js';
import { type NamedModel, readResults, receiverName } from '../evaluate/results.js';
import { byCase, snrsAtTarget } from '../evaluate/summary.js';

/** By case, in dB; null where the curve does not cross 10 %. */
export type RequiredSnrs = Readonly<Record<string, number | null>>;

/**
 * Finds the models in the evaluations.
 * @param paths folders that `evaluate --out` wrote, or files that `evaluate --format json` printed
 * @returns for each model, in their order, the SNRs at 10 % BLER by case; empty where it was not evaluated
 * @throws NOT_FOUND when there is no such file, INVALID_ARGUMENT when it is no evaluation, is one without a code,
 *   or is of another model of the same name
 */
export function requiredSnrs(paths: readonly string[], models: readonly NamedModel[]): RequiredSnrs[] {
  const evaluations = paths.map((path) => {
    const results = readResults(path);
    const cases = [...byCase(results.points)].map(([name, rows]) => ({
      case: name,
      required: snrsAtTarget(rows),
    }));
    if (cases.every(({ required }) => required.length === 0))
      throw invalid(`--evaluation ${path}`, 'block error rates', 'bit error rates only');
    return { results, cases };
  });
  return models.map((model) =>
    Object.fromEntries(
      evaluations.flatMap(({ results, cases }) => {
        const wanted = receiverName(model, results);
        return cases.flatMap(({ case: name, required }) => {
          const found = required.find((receiver) => receiver.name === wanted);
          return found ? [[name, found.snrDb ?? null] as const] : [];
        });
      }),
    ),
  );
}
