import type { RepositoryEntry } from '../../engine/types.js';
import { invalid, SpikingRxError } from '../../errors.js';
import type { ServiceCore } from '../core.js';

/** @param ready only versions that serve. */
export function repositoryIndex(
  core: ServiceCore,
  ready: boolean,
): Pick<RepositoryEntry, 'name' | 'version' | 'state' | 'reason'>[] {
  return core.engine.repository
    .index()
    .filter(({ state }) => !ready || state === 'READY')
    .map(({ name, version, state, reason }) => ({ name, version, state, reason }));
}

/**
 * Loads (or loads again) or unloads all versions of a model.
 * @param parameters those that would be ignored are refused.
 * @throws INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION with the reason.
 */
export async function changeRepository(
  core: ServiceCore,
  action: 'load' | 'unload',
  {
    model,
    parameters = {},
  }: { readonly model: string; readonly parameters?: Readonly<Record<string, unknown>> },
): Promise<void> {
  if (model === '') throw invalid('model_name', 'the name of a model', 'none');
  const [parameter] = Object.keys(parameters);
  // Triton's clients may say that what depends on the model goes with it: here nothing does.
  if (parameter !== undefined && parameter !== 'unload_dependents')
    throw invalid(`parameters.${parameter.slice(0, 256)}`, 'no such parameter', 'one');
  await core.engine.repository[action](model);
}

/** @throws NOT_FOUND */
export function requireUnnamed(name = ''): void {
  if (name === '') return;
  throw new SpikingRxError('NOT_FOUND', 'repository_name: there is one repository, and it has no name', {
    field: 'repository_name',
  });
}
