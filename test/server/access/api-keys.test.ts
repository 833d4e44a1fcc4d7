import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ApiKeys, newApiKey } from '#server/access/api-keys.js';

const one = newApiKey({ id: 'gnb-17', scopes: ['infer'] });

function keys(...entries: unknown[]): ApiKeys {
  return new ApiKeys(stringify({ keys: entries }));
}

describe('API keys', () => {
  test('a new key has 256 random bits behind its id, and its entry the hash only', () => {
    const [id, secret] = one.key.split('.');
    expect(id).toBe('gnb-17');
    expect(Buffer.from(String(secret), 'base64url')).toHaveLength(32);
    expect(newApiKey({ id: 'gnb-17', scopes: ['infer'] }).key).not.toBe(one.key);
    expect(one.entry).toEqual({
      id: 'gnb-17',
      scopes: ['infer'],
      sha256: createHash('sha256').update(one.key).digest('hex'),
    });
  });

  test('find whose key it is; nothing else is a key', () => {
    const file = keys(one.entry, newApiKey({ id: 'ops', scopes: ['admin', 'metrics'] }).entry);
    expect(file.find(one.key)).toEqual({ id: 'key:gnb-17', scopes: new Set(['infer']) });
    const [, secret] = one.key.split('.');
    for (const wrong of ['', '.', 'gnb-17', 'gnb-17.', `${one.key}x`, one.key.slice(0, -1), `ops.${secret}`])
      expect(file.find(wrong)).toBeUndefined();
    expect(file.find(one.entry.sha256)).toBeUndefined();
  });

  test('an old and a new key of one id hold side by side', () => {
    const next = newApiKey({ id: 'gnb-17', scopes: ['infer'] });
    const file = keys(one.entry, next.entry);
    for (const { key } of [one, next]) expect(file.find(key)?.id).toBe('key:gnb-17');
  });

  test('a key runs out', () => {
    const { key, entry } = newApiKey({ id: 'a', scopes: ['infer'], expires: '2030-01-01T00:00:00Z' });
    const end = Date.UTC(2030, 0, 1);
    expect(keys(entry).find(key, end - 1)).toMatchObject({ id: 'key:a', expiresMs: end });
    expect(keys(entry).find(key, end)).toBeUndefined();
  });

  test.each([
    ['no YAML', 'keys: [\n  secret-text', /apiKeysFile: expected YAML, received something else in line \d/],
    ['no list', 'secret-text', /a mapping with the list `keys`/],
    ['a stranger beside it', stringify({ keys: [], secrets: 'secret-text' }), /nothing else/],
    ['a bad hash', stringify({ keys: [{ ...one.entry, sha256: 'secret-text' }] }), /keys\[0\]\.sha256/],
    ['a bad scope', stringify({ keys: [one.entry, { ...one.entry, scopes: ['secret-text'] }] }), /keys\[1\]/],
    ['no scope', stringify({ keys: [{ ...one.entry, scopes: [] }] }), /keys\[0\]\.scopes/],
    ['a bad date', stringify({ keys: [{ ...one.entry, expires: 'secret-text' }] }), /keys\[0\]\.expires/],
  ])('a file with %s is refused, and its content not repeated', (_what, text, message) => {
    expect(() => new ApiKeys(text)).toThrow(message);
    expect(() => new ApiKeys(text)).not.toThrow(/secret-text/);
  });
});
