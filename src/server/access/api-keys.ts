import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { parse as parseYaml } from 'yaml';
import { invalid } from '../../errors.js';
import { MAX_PRINCIPAL_ID, principalId, SCOPES, type Principal, type Scope } from './principal.js';

/** 256 random bits: nobody guesses them, so a fast hash keeps them as well as a slow one would. */
const SECRET_BYTES = 32;
const ID_PATTERN = `^[A-Za-z0-9_-]{1,${MAX_PRINCIPAL_ID}}$`;

const EntrySchema = Type.Object(
  {
    id: Type.String({ pattern: ID_PATTERN }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    scopes: Type.Array(Type.Enum([...SCOPES]), { minItems: 1 }),
    expires: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
const FileSchema = Type.Object({ keys: Type.Array(Type.Unknown()) }, { additionalProperties: false });

/** One entry of the file. The key itself is in no file of the service: SHA-256 of its whole text is. */
export type ApiKeyEntry = Static<typeof EntrySchema>;

interface Known {
  readonly hash: Buffer;
  readonly principal: Principal;
}

/** The API keys of a file. */
export class ApiKeys {
  readonly #byId = new Map<string, Known[]>();

  /** @throws INVALID_ARGUMENT, naming the entry; never what it holds. */
  constructor(text: string) {
    for (const entry of entries(text)) {
      const known = { hash: Buffer.from(entry.sha256, 'hex'), principal: principalOf(entry) };
      this.#byId.set(entry.id, [...(this.#byId.get(entry.id) ?? []), known]);
    }
  }

  /** Whose key it is. The id in front of the secret is no secret; the hashes are compared in constant time. */
  find(key: string, nowMs = Date.now()): Principal | undefined {
    const hash = sha256(key);
    const id = key.slice(0, Math.max(0, key.indexOf('.')));
    const found = this.#byId.get(id)?.find((known) => timingSafeEqual(known.hash, hash));
    if (!found || nowMs >= (found.principal.expiresMs ?? Infinity)) return undefined;
    return found.principal;
  }
}

/** A new key, and the entry that lets it in. */
export function newApiKey(entry: Omit<ApiKeyEntry, 'sha256'>): { key: string; entry: ApiKeyEntry } {
  const key = `${entry.id}.${randomBytes(SECRET_BYTES).toString('base64url')}`;
  const whole = { ...entry, sha256: sha256(key).toString('hex') };
  return { key, entry: checked(whole, 'key') };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function entries(text: string): readonly ApiKeyEntry[] {
  let content: unknown;
  try {
    content = parseYaml(text);
  } catch (error) {
    // A parser's message quotes the file.
    const line = (error as { linePos?: readonly { line: number }[] }).linePos?.[0]?.line;
    throw invalid('apiKeysFile', 'YAML', `something else in line ${line ?? '?'}`);
  }
  if (!Value.Check(FileSchema, content))
    throw invalid('apiKeysFile', 'a mapping with the list `keys` and nothing else', 'something else');
  return content.keys.map((entry, i) => checked(entry, `apiKeysFile keys[${i}]`));
}

function checked(entry: unknown, field: string): ApiKeyEntry {
  if (!Value.Check(EntrySchema, entry)) {
    const at = Value.Errors(EntrySchema, entry)[0]?.instancePath.slice(1) ?? '';
    throw invalid(
      [field, at].filter(Boolean).join('.'),
      `id (letters, digits, - and _), sha256 (64 hex digits), scopes (of ${SCOPES.join(', ')}), expires (a date)`,
      'something else',
    );
  }
  if (entry.expires !== undefined && Number.isNaN(Date.parse(entry.expires)))
    throw invalid(`${field}.expires`, 'a date such as 2030-01-31T00:00:00Z', 'something else');
  return entry;
}

function principalOf({ id, scopes, expires }: ApiKeyEntry): Principal {
  const expiresMs = expires === undefined ? undefined : Date.parse(expires);
  return { id: principalId('key', id), scopes: new Set<Scope>(scopes), expiresMs };
}
