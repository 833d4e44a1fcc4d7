import { fileURLToPath } from 'node:url';
import { Type } from 'typebox';
import { invalid } from '../../errors.js';
import { integer } from './kinds.js';

/** `models/` of the package. */
const PACKAGE_MODELS = fileURLToPath(new URL('../../../models', import.meta.url));

/** Which models are served. */
export const modelsSettings = {
  modelsDir: Type.String({
    description: 'Folder that holds <name>/<version>/model.onnx',
    default: PACKAGE_MODELS,
    minLength: 1,
  }),
  defaultModel: Type.Optional(
    Type.String({
      description: 'Model of requests that name none (default: the first that takes grids, by name)',
      minLength: 1,
    }),
  ),
  defaultVersions: Type.Optional(
    Type.String({
      description:
        'Versions of requests that name none, as name=version,name=version (default: the highest served)',
      minLength: 1,
    }),
  ),
  maxModelVersions: Type.Optional(
    integer('Serve the highest so many versions of each model that work (default: all)', {
      minimum: 1,
      maximum: 1_000_000,
    }),
  ),
  maxModelBytes: integer('Largest model file that is loaded, in bytes', {
    default: 2 ** 30,
    minimum: 1,
    maximum: 2 ** 32,
  }),
  modelControl: Type.Enum(['none', 'poll', 'explicit'], {
    description:
      'How the models may change after the start: none (never), poll (with the folder) or explicit (on request)',
    default: 'none',
  }),
  modelPollSeconds: Type.Number({
    description: 'With poll: how often the folder is looked at',
    default: 5,
    minimum: 0.05,
    maximum: 86_400,
  }),
};

/**
 * `name=version,name=version` as a map.
 * @throws INVALID_ARGUMENT
 */
export function parseDefaultVersions(
  text: string | undefined,
  field = 'defaultVersions',
): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  for (const pair of text?.split(',') ?? []) {
    const [, name, version] = /^\s*([^=]+?)\s*=\s*(\d+)\s*$/.exec(pair) ?? [];
    if (name === undefined || version === undefined)
      throw invalid(field, 'name=version,name=version', text ?? '');
    if (versions.has(name)) throw invalid(field, 'one version a model', text ?? '');
    versions.set(name, version);
  }
  return versions;
}
