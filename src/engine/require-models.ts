import { SpikingRxError } from '../errors.js';
import type { ModelLifecycle } from './model-lifecycle.js';
import type { ResolvedEngineOptions } from './options.js';

/**
 * @param models that can be served
 * @throws SpikingRxError FAILED_PRECONDITION when nothing is to be served and nothing can come, or not the default
 *   model; the message lists what was refused and why.
 */
export function requireModels(
  { modelsDir, modelControl, defaultModel }: ResolvedEngineOptions,
  models: readonly { readonly name: string }[],
  { refused }: ModelLifecycle,
): void {
  if (modelControl !== 'none') return;
  const isThere = models.some(({ name }) => defaultModel === undefined || name === defaultModel);
  if (isThere) return;
  const what = models.length > 0 ? `no default model '${defaultModel}'` : 'no model';
  const why = refused.map((model) => `; ${model.name}/${model.version}: ${model.reason}`).join('');
  throw new SpikingRxError('FAILED_PRECONDITION', `${what} can be served from ${modelsDir}${why}`);
}
