import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportPKCS8, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { fileKeys, JwtVerifier, remoteKeys, type JwtKeys } from '#server/access/jwt.js';

const ISSUER = 'https://login.example';
const AUDIENCE = 'spikingrx';
const rules = {
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ['ES256', 'RS256', 'EdDSA'],
  scopesClaim: 'scope',
  clockToleranceMs: 2000,
};
const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
const other = await generateKeyPair('ES256');
const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' };
const pem = Buffer.from(await exportSPKI(publicKey));
const nowS = Math.floor(Date.now() / 1000);

async function token(
  claims: Record<string, unknown> = {},
  key: typeof privateKey | Uint8Array = privateKey,
  header = {},
  options = {},
) {
  const payload = { iss: ISSUER, aud: AUDIENCE, sub: 'alice', exp: nowS + 60, scope: 'infer', ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'one', ...header }).sign(key, options);
}

const verifier = (keys: JwtKeys = fileKeys(pem), more = {}) => new JwtVerifier(keys, { ...rules, ...more });

const [head, body, signature] = (await token()).split('.');
const payload = { iss: ISSUER, aud: AUDIENCE, sub: 'alice', exp: nowS + 60 };
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

const BAD_TOKENS = [
  ['has run out', await token({ exp: nowS - 10 })],
  ['is not valid yet', await token({ nbf: nowS + 10 })],
  ['never runs out', await token({ exp: undefined })],
  ['is nobody’s', await token({ sub: undefined })],
  ['is another issuer’s', await token({ iss: 'https://other.example' })],
  ['is for another service', await token({ aud: 'other' })],
  ['another key signed', await token({}, other.privateKey)],
  ['was changed', `${head}.${encode({ ...payload, scope: 'admin' })}.${signature}`],
  ['nobody signed', `${encode({ alg: 'none' })}.${body}.`],
  ['the public key signed as a shared secret', await token({}, pem, { alg: 'HS256' })],
  ['has an algorithm that does not fit the key', `${encode({ alg: 'RS256' })}.${body}.${signature}`],
  [
    'has a header that must be understood',
    await token({}, privateKey, { crit: ['ours'], ours: 1 }, { crit: { ours: true } }),
  ],
  ['is no token', 'a.b.c'],
  ['is empty', ''],
];
const BAD_KEYS = [
  ['a private key', await exportPKCS8(privateKey)],
  ['a JWKS with a private key', JSON.stringify({ keys: [await exportJWK(privateKey)] })],
  ['a JWKS with a shared secret', JSON.stringify({ keys: [{ kty: 'oct', k: 'c2VjcmV0' }] })],
  ['no keys', '{}'],
  ['neither', 'secret-text'],
];

describe('a token', () => {
  test('that holds says who it is, what for, and until when', async () => {
    expect(await verifier().verify(await token({ scope: 'infer admin openid' }))).toEqual({
      id: 'sub:alice',
      scopes: new Set(['infer', 'admin']),
      expiresMs: (nowS + 60) * 1000 + 2000,
    });
  });

  test('may name its scopes in a list, in another claim', async () => {
    const roles = verifier(undefined, { scopesClaim: 'roles' });
    const found = await roles.verify(await token({ roles: ['metrics', 7, 'root'] }));
    expect(found?.scopes).toEqual(new Set(['metrics']));
  });

  test.each(BAD_TOKENS)('that %s does not hold', async (_what, text) => {
    expect(await verifier().verify(text)).toBeUndefined();
  });

  test('may be as late as the clocks may be apart', async () => {
    expect(await verifier().verify(await token({ exp: nowS - 1 }))).toBeDefined();
  });

  test('that was seen is believed until it runs out, and until the keys change', async () => {
    const seen = verifier(undefined, { clockToleranceMs: 0 });
    const brief = await token({ exp: Math.floor(Date.now() / 1000) + 2 });
    expect(await seen.verify(brief)).toBeDefined();
    expect(await seen.verify(brief)).toBeDefined();
    await expect.poll(async () => seen.verify(brief), { timeout: 10_000 }).toBeUndefined();
    const lasting = await token();
    expect(await seen.verify(lasting)).toBeDefined();
    seen.keys = fileKeys(Buffer.from(await exportSPKI(other.publicKey)));
    expect(await seen.verify(lasting)).toBeUndefined();
  });
});

describe('keys', () => {
  test('come from PEM or from a JWKS, by their id', async () => {
    const stranger = { ...(await exportJWK(other.publicKey)), kid: 'two', alg: 'ES256' };
    const set = fileKeys(Buffer.from(JSON.stringify({ keys: [stranger, jwk] })));
    expect(await verifier(set).verify(await token())).toBeDefined();
    expect(await verifier(set).verify(await token({}, other.privateKey, { kid: 'two' }))).toBeDefined();
    expect(await verifier(set).verify(await token({}, privateKey, { kid: 'two' }))).toBeUndefined();
  });

  test.each(BAD_KEYS)('%s: refused', (_what, text) => {
    expect(() => fileKeys(Buffer.from(text))).toThrow(/^jwtKeys: expected public keys/);
  });

  test('are withdrawn for tokens too that are being looked at', async () => {
    const subject = verifier(async () => {
      subject.keys = async () => other.publicKey;
      return publicKey;
    });
    const signed = await token();
    await subject.verify(signed);
    expect(await subject.verify(signed)).toBeUndefined();
  });

  test('come from a URL; while it does not answer, tokens are neither right nor wrong', async () => {
    let status = 500;
    const server = createServer((_request, response) => {
      response.writeHead(status).end(JSON.stringify({ keys: [jwk] }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const remote = verifier(remoteKeys(`http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`));
    await expect(remote.verify(await token())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    status = 200;
    expect(await remote.verify(await token())).toMatchObject({ id: 'sub:alice' });
    server.close();
    server.closeAllConnections();
    const gone = verifier(remoteKeys('http://127.0.0.1:1/jwks'));
    await expect(gone.verify(await token())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
