import { Type } from 'typebox';
import { integer } from './kinds.js';

/** Asymmetric ones of RFC 7518 and RFC 8037. */
const JWT_ALGORITHM = '(?:[RPE]S(?:256|384|512)|EdDSA|Ed25519)';

/** Who may call, and how often. Without `apiKeysFile`, `jwtKeys` and `tlsClientCa` there is no authentication. */
export const accessSettings = {
  apiKeysFile: Type.Optional(
    Type.String({
      description: 'YAML file with the hashes of the API keys; `spikingrx key` makes its entries',
      minLength: 1,
    }),
  ),
  jwtKeys: Type.Optional(
    Type.String({
      description: 'What signs tokens: a file (public key in PEM, or JWKS), or the https URL of a JWKS',
      minLength: 1,
    }),
  ),
  jwtIssuer: Type.Optional(
    Type.String({ description: 'Issuer (iss) of tokens; needed with jwtKeys', minLength: 1 }),
  ),
  jwtAudience: Type.Optional(
    Type.String({ description: 'Audience (aud) of tokens; needed with jwtKeys', minLength: 1 }),
  ),
  jwtAlgorithms: Type.String({
    description: 'Algorithms that may sign tokens, separated by commas; none with a shared secret',
    default: 'RS256,PS256,ES256,EdDSA',
    pattern: `^${JWT_ALGORITHM}(?:,${JWT_ALGORITHM})*$`,
    examples: ['RS256,ES256'],
  }),
  jwtScopesClaim: Type.String({
    description: 'Claim that has the scopes: words in a text, or a list',
    default: 'scope',
    minLength: 1,
  }),
  jwtClockToleranceMs: integer('How far the clock of the issuer of tokens may be off', {
    default: 5000,
    minimum: 0,
    maximum: 300_000,
  }),
  maxAuthFailuresPerMinute: integer(
    'Wrong credentials that an address may try in a minute; 0 for no limit, as behind a proxy',
    { default: 60, minimum: 0, maximum: 1_000_000 },
  ),
  maxRequestsPerSecond: integer(
    'Requests and calls of one client in a second, each stream one of them; 0 for no limit',
    { default: 0, minimum: 0, maximum: 1_000_000_000 },
  ),
  maxGridsPerSecond: integer('Grids of one client in a second; 0 for no limit', {
    default: 0,
    minimum: 0,
    maximum: 1_000_000_000,
  }),
  openDocs: Type.Boolean({
    description: 'With authentication: serve /docs and /openapi.json to those too who have no credential',
    default: false,
  }),
  credentialsReloadMs: integer('How often certificates and files of keys are looked at for changes', {
    default: 5000,
    minimum: 100,
    maximum: 3_600_000,
  }),
};
