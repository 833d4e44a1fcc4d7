import { SpikingRxError } from '../../errors.js';
import type { Config } from '../config.js';
import type { FileFollower } from '../followed-files.js';
import { ApiKeys } from './api-keys.js';
import { credentialOf, unauthenticated, type Caller } from './caller.js';
import { FailureLimit } from './failure-limit.js';
import { fileKeys, JwtVerifier, remoteKeys, type JwtRules } from './jwt.js';
import {
  ANYBODY,
  isScope,
  OPERATOR,
  principalId,
  requireScope,
  type Principal,
  type RequiredScope,
  type Scope,
} from './principal.js';

/** Where a call came in: with `adminPort`, operators have a door of their own. */
export type Entrance = 'public' | 'admin';

/** Decides for both transports who calls and what they may. Without authentication everybody may infer. */
export class Access {
  /** Whether callers must say who they are. */
  readonly enabled: boolean;
  readonly #failures: FailureLimit;
  readonly #hasAdminPort: boolean;
  readonly #certificateScopes: ReadonlySet<Scope>;
  #apiKeys: ApiKeys | undefined;
  #tokens: JwtVerifier | undefined;

  private constructor(config: Config) {
    const { apiKeysFile, jwtKeys, tlsClientCa } = config;
    this.enabled = [apiKeysFile, jwtKeys, tlsClientCa].some((source) => source !== undefined);
    this.#certificateScopes = new Set(config.tlsClientScopes.split(',').filter(isScope));
    this.#hasAdminPort = config.adminPort !== undefined;
    this.#failures = new FailureLimit(config.maxAuthFailuresPerMinute);
  }

  /** @throws SpikingRxError when the files of the settings cannot be used. */
  static async create(config: Config, files: FileFollower): Promise<Access> {
    const access = new Access(config);
    const { apiKeysFile } = config;
    if (apiKeysFile !== undefined)
      await files.follow({
        what: 'api-keys',
        paths: [apiKeysFile],
        apply: ([content]) => {
          access.#apiKeys = new ApiKeys(String(content));
        },
      });
    access.#tokens = await tokenVerifier(config, files);
    return access;
  }

  /**
   * Who calls, once they may.
   * @throws UNAUTHENTICATED, PERMISSION_DENIED; RATE_LIMITED after too many wrong credentials from an address.
   */
  async admit(caller: Caller, scope: RequiredScope, entrance: Entrance): Promise<Principal> {
    if (scope === 'admin' && entrance === 'public' && this.#hasAdminPort) throw otherPort();
    const nobody = entrance === 'admin' ? OPERATOR : ANYBODY;
    if (scope === 'none') return nobody;
    const principal = this.enabled ? await this.#authenticate(caller) : nobody;
    requireScope(principal, scope);
    return principal;
  }

  async #authenticate(caller: Caller): Promise<Principal> {
    await this.#failures.check(caller.address);
    const { authorization, apiKey, certificateName } = caller;
    if (authorization === undefined && apiKey === undefined && certificateName !== undefined)
      return { id: principalId('cn', certificateName), scopes: this.#certificateScopes };
    if (authorization === undefined && apiKey === undefined)
      throw unauthenticated(
        'this call needs an API key or a token: Authorization: Bearer …, or x-api-key',
        'a key or token',
        'none',
      );
    try {
      const principal = await this.#principalOf(credentialOf(caller));
      if (principal) return principal;
      throw unauthenticated('the API key or token is not valid here', 'a valid key or token', 'another');
    } catch (error) {
      if (error instanceof SpikingRxError && error.code === 'UNAUTHENTICATED')
        await this.#failures.count(caller.address);
      throw error;
    }
  }

  async #principalOf(credential: string): Promise<Principal | undefined> {
    return this.#apiKeys?.find(credential) ?? (await this.#tokens?.verify(credential));
  }
}

function otherPort(): SpikingRxError {
  return new SpikingRxError('PERMISSION_DENIED', 'admin calls are taken on adminPort only, over REST');
}

async function tokenVerifier(config: Config, files: FileFollower): Promise<JwtVerifier | undefined> {
  const { jwtKeys, jwtIssuer = '', jwtAudience = '', jwtAlgorithms, jwtScopesClaim } = config;
  if (jwtKeys === undefined) return undefined;
  const rules: JwtRules = {
    issuer: jwtIssuer,
    audience: jwtAudience,
    algorithms: jwtAlgorithms.split(','),
    scopesClaim: jwtScopesClaim,
    clockToleranceMs: config.jwtClockToleranceMs,
  };
  if (/^https?:/.test(jwtKeys)) return new JwtVerifier(remoteKeys(jwtKeys), rules);
  let verifier: JwtVerifier | undefined;
  await files.follow({
    what: 'jwt-keys',
    paths: [jwtKeys],
    apply: ([content]) => {
      const keys = fileKeys(content!);
      if (verifier) verifier.keys = keys;
      else verifier = new JwtVerifier(keys, rules);
    },
  });
  return verifier;
}
