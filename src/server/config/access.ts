import { Type } from 'typebox';
import { integer } from './kinds.js';

/** Who may call, and how often. Without `apiKeysFile` there is no authentication. */
export const accessSettings = {
  apiKeysFile: Type.Optional(
    Type.String({
      description: 'YAML file with the hashes of the API keys; `spikingrx key` makes its entries',
      minLength: 1,
    }),
  ),
  maxAuthFailuresPerMinute: integer(
    'Wrong credentials that an address may try in a minute; 0 for no limit, as behind a proxy',
    { default: 60, minimum: 0, maximum: 1_000_000 },
  ),
  credentialsReloadMs: integer('How often certificates and files of keys are looked at for changes', {
    default: 5000,
    minimum: 100,
    maximum: 3_600_000,
  }),
};
