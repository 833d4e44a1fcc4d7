import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose';
import { LRUCache } from 'lru-cache';
import { invalid, SpikingRxError } from '../../errors.js';
import { isScope, principalId, type Principal } from './principal.js';

export interface JwtRules {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  readonly scopesClaim: string;
  readonly clockToleranceMs: number;
}

/** What signs tokens: one public key, or a set of them by id. */
export type JwtKeys = KeyObject | JWTVerifyGetKey;

/** Tokens whose signature need not be checked again for a while: a signature takes longer than a small grid. */
const MAX_REMEMBERED = 1000;
/** A key that was withdrawn is believed no longer than this, in milliseconds. */
const REMEMBERED_MS = 60_000;

/** Verifies signed tokens (RFC 7519): signature, issuer, audience, times; `exp` and `sub` must be there. */
export class JwtVerifier {
  readonly #known = new LRUCache<string, Principal>({ max: MAX_REMEMBERED, ttl: REMEMBERED_MS });
  #keys: JwtKeys;

  constructor(
    keys: JwtKeys,
    private readonly rules: JwtRules,
  ) {
    this.#keys = keys;
  }

  /** Nothing that the old keys signed is believed any longer. */
  set keys(keys: JwtKeys) {
    this.#keys = keys;
    this.#known.clear();
  }

  /** Whose token it is; undefined for one that does not hold. @throws UNAVAILABLE when the keys cannot be had. */
  async verify(token: string): Promise<Principal | undefined> {
    const hash = createHash('sha256').update(token).digest('base64');
    const known = this.#known.get(hash);
    if (known) return Date.now() < (known.expiresMs ?? 0) ? known : undefined;
    const keys = this.#keys;
    try {
      const principal = this.#principal(await this.#payload(token, keys));
      // They may have been withdrawn in the meantime.
      if (keys === this.#keys) this.#known.set(hash, principal);
      return principal;
    } catch (error) {
      if (error instanceof SpikingRxError) throw error;
      return undefined;
    }
  }

  async #payload(token: string, keys: JwtKeys): Promise<JWTPayload> {
    const { issuer, audience, algorithms, clockToleranceMs } = this.rules;
    const options = {
      issuer,
      audience,
      algorithms: [...algorithms],
      clockTolerance: clockToleranceMs / 1000,
      requiredClaims: ['exp', 'sub'],
    };
    const { payload } =
      typeof keys === 'function'
        ? await jwtVerify(token, keys, options)
        : await jwtVerify(token, keys, options);
    return payload;
  }

  #principal(payload: JWTPayload): Principal {
    const { scopesClaim, clockToleranceMs } = this.rules;
    const claim = payload[scopesClaim];
    const words = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
    return {
      id: principalId('sub', String(payload.sub)),
      scopes: new Set(words.filter((word) => typeof word === 'string').filter(isScope)),
      expiresMs: Number(payload.exp) * 1000 + clockToleranceMs,
    };
  }
}

/** Keys of a file: a JWKS, or a public key or certificate in PEM. @throws INVALID_ARGUMENT */
export function fileKeys(content: Buffer): JwtKeys {
  const text = content.toString('utf8');
  try {
    if (text.includes('PRIVATE KEY')) throw new Error('a secret');
    if (!text.trimStart().startsWith('{')) return createPublicKey(text);
    const set = JSON.parse(text) as JSONWebKeySet;
    if (set.keys.some((key) => key.kty === 'oct' || 'd' in key)) throw new Error('a secret');
    return createLocalJWKSet(set);
  } catch {
    throw invalid('jwtKeys', 'public keys: PEM, or a JWKS without secrets', 'something else');
  }
}

/** Keys of a URL, fetched when they are needed and when a token names one that is not among them. */
export function remoteKeys(url: string): JwtKeys {
  const set = createRemoteJWKSet(new URL(url), { timeoutDuration: 5000 });
  return async (header, token) => {
    try {
      return await set(header, token);
    } catch (error) {
      if (error instanceof errors.JOSEError && !FETCH_FAILURES.has(error.code)) throw error;
      // The caller may be right: it is ours to find out.
      const message = 'the keys that sign tokens cannot be had at the moment';
      throw new SpikingRxError('UNAVAILABLE', message, { retryAfterMs: 1000, cause: error });
    }
  };
}

/** Codes of jose for an answer that is late, not a success, or no JWKS. */
const FETCH_FAILURES = new Set(['ERR_JOSE_GENERIC', 'ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID']);
