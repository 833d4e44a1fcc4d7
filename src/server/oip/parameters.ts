import { invalid } from '../../errors.js';

export type Parameters = Readonly<Record<string, unknown>>;

/** Those of extensions that would change what a tensor means and that are not served; others are let be. */
const UNSERVED = ['shared_memory_region', 'classification'];

/** @throws INVALID_ARGUMENT for a parameter of a tensor that must not be ignored. */
export function refuseUnserved(parameters: Parameters | undefined, field: string): void {
  for (const name of UNSERVED)
    if (parameters && Object.hasOwn(parameters, name))
      throw invalid(`${field}.${name}`, 'no such parameter: this extension is not served', 'a value');
}
