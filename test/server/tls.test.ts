import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { once } from 'node:events';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { GrpcLlrClient, RestLlrClient, type ClientTls } from '#client/index.js';
import { hasPython, hasTool, PYTHON } from '../helpers/tools.js';
import { pem, TestAuthority, type CertificateFiles } from './helpers/certificates.js';
import { grid } from './helpers/grids.js';
import { startTestService, type TestService } from './helpers/service.js';

const run = promisify(execFile);
const UNAVAILABLE = { code: 'UNAVAILABLE' };

/** Lines of the service's log. */
function logLines() {
  const lines: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) });
  return { lines, log };
}

interface Using {
  readonly service: TestService;
  readonly tls: ClientTls;
}

async function rest({ service, tls }: Using): Promise<number> {
  const client = new RestLlrClient({ baseUrl: `https://127.0.0.1:${service.server.httpPort}`, tls });
  return client
    .compute([grid()])
    .then((answers) => answers.length)
    .finally(() => client.close());
}

async function grpc({ service, tls }: Using): Promise<number> {
  const client = new GrpcLlrClient({ target: service.target, tls });
  return client
    .compute([grid()], { timeoutMs: 5000 })
    .then((answers) => answers.length)
    .finally(() => client.close());
}

/** Number of the certificate that a port shows, once the handshake is over. */
async function handshake(port: number, options: object = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ALPNProtocols: ['h2', 'http/1.1'], ...options });
  await once(socket, 'secureConnect');
  return socket;
}

async function serial(port: number, ca: string): Promise<string> {
  const socket = await handshake(port, { ca: pem(ca) });
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

describe.skipIf(!hasTool('openssl'))('TLS', () => {
  const authority = new TestAuthority();
  const live = { cert: join(authority.directory, 'live.pem'), key: join(authority.directory, 'live.key') };
  const install = ({ cert, key }: CertificateFiles): void => {
    copyFileSync(cert, live.cert);
    copyFileSync(key, live.key);
    chmodSync(live.key, 0o600);
  };
  const tls: ClientTls = { ca: pem(authority.ca) };
  const settings = { tlsCert: live.cert, tlsKey: live.key, credentialsReloadMs: 100 };
  const { lines, log } = logLines();
  let service: TestService;

  beforeAll(async () => {
    install(authority.issue('first'));
    service = await startTestService({ ...settings, apiKeysFile: undefined }, { log });
  });
  afterAll(async () => {
    await service.close();
    authority.remove();
  });

  const metric = async (name: string): Promise<number> => {
    const { stdout } = await run('curl', ['-s', '--cacert', authority.ca, `${secureUrl()}/metrics`]);
    const line = stdout.split('\n').find((text) => text.startsWith(name));
    return Number(line?.split(' ').at(-1));
  };
  const failed = () => lines.find(({ msg }) => msg === 'not reloaded: the old stays');
  const secureUrl = (): string => `https://127.0.0.1:${service.server.httpPort}`;

  test('both transports, and nothing in the clear', async () => {
    expect(await rest({ service, tls })).toBe(1);
    expect(await grpc({ service, tls })).toBe(1);
    await expect(service.rest.models()).rejects.toMatchObject(UNAVAILABLE);
    await expect(service.grpc.models()).rejects.toMatchObject(UNAVAILABLE);
  });

  test('a client that does not know the authority does not trust the service', async () => {
    await expect(rest({ service, tls: {} })).rejects.toMatchObject(UNAVAILABLE);
    await expect(grpc({ service, tls: {} })).rejects.toMatchObject(UNAVAILABLE);
  });

  test.skipIf(!hasTool('curl'))('curl, and the time that the certificate runs out', async () => {
    const { stdout } = await run('curl', ['-s', '--cacert', authority.ca, `${secureUrl()}/readyz`]);
    expect(JSON.parse(stdout)).toEqual({ status: 'ready' });
    const expiry = await metric('spikingrx_tls_certificate_expiry_timestamp_seconds{certificate="server"}');
    expect(expiry).toBeGreaterThan(Date.now() / 1000);
    expect(expiry).toBeLessThan(Date.now() / 1000 + 2 * 86_400);
  });

  test.skipIf(!hasPython('grpc'))('Python’s gRPC', async () => {
    expect(await python(service, authority.ca)).toContain('random');
  });

  test('versions of TLS older than 1.2 are not spoken', async () => {
    for (const port of [service.server.httpPort, service.server.grpcPort]) {
      const old = handshake(port, { ca: tls.ca, minVersion: 'TLSv1', maxVersion: 'TLSv1.1' });
      await expect(old).rejects.toThrow(/protocol version|unsupported protocol/i);
    }
  });

  test('a new certificate is served to new connections; open ones go on; a broken pair changes nothing', async () => {
    const ports = [service.server.httpPort, service.server.grpcPort];
    const serials = async () => Promise.all(ports.map(async (port) => serial(port, authority.ca)));
    const open = new GrpcLlrClient({ target: service.target, tls });
    expect(await open.models()).toHaveLength(3);
    const before = await serials();
    expect(before[0]).toBe(before[1]);

    writeFileSync(live.key, pem(authority.issue('stranger').key));
    await vi.waitFor(() => expect(failed()).toBeDefined(), { timeout: 10_000 });
    expect(failed()).toMatchObject({ what: 'tls', reason: expect.stringContaining('tlsKey: expected') });
    expect(await serials()).toEqual(before);
    expect(await metric('spikingrx_credential_reloads_total{what="tls",outcome="failed"}')).toBe(1);

    install(authority.issue('second', 2));
    const isNew = async () => expect((await serials()).every((one) => one !== before[0])).toBe(true);
    await vi.waitFor(isNew, { timeout: 10_000 });
    expect(await open.compute([grid()])).toHaveLength(1);
    open.close();
    // Reloading keeps the oldest version of TLS where it was.
    await expect(
      handshake(ports[0]!, { ca: tls.ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }),
    ).rejects.toThrow(/protocol version|unsupported protocol/i);
  });

  test('connections that never finish their handshake do not delay the end', async () => {
    const other = await startTestService(settings);
    const sockets = [other.server.httpPort, other.server.grpcPort].map((port) =>
      connectTcp(port, '127.0.0.1'),
    );
    await Promise.all(sockets.map(async (socket) => once(socket, 'connect')));
    const closed = sockets.map(async (socket) => once(socket.resume(), 'close'));
    await other.close();
    expect(await Promise.all(closed)).toHaveLength(2);
  });

  test('a key that everybody can read is warned of', async () => {
    const open = authority.issue('open');
    chmodSync(open.key, 0o644);
    const seen = logLines();
    const other = await startTestService({ tlsCert: open.cert, tlsKey: open.key }, { log: seen.log });
    await other.close();
    expect(seen.lines).toContainEqual(expect.objectContaining({ path: open.key, permissions: '644' }));
    expect(lines.filter(({ permissions }) => permissions !== undefined)).toEqual([]);
  });

  test('what does not fit is refused at start, with the name of the setting and nothing of the file', async () => {
    const [one, two, old] = [authority.issue('one'), authority.issue('two'), authority.issue('old', -1)];
    const refused: readonly (readonly [object, RegExp])[] = [
      [{ tlsCert: one.cert, tlsKey: two.key }, /^tlsKey: expected the private key of tlsCert/],
      [{ tlsCert: old.cert, tlsKey: old.key }, /^tlsCert: expected a certificate that still holds/],
      [
        { tlsCert: one.key, tlsKey: one.key },
        /^tlsCert: expected certificates in PEM, received something else$/,
      ],
      [{ tlsCert: one.cert, tlsKey: one.cert }, /^tlsKey: expected a private key in PEM/],
      [
        { tlsCert: one.cert, tlsKey: one.key, tlsClientCa: one.key },
        /^tlsClientCa: expected certificates in PEM/,
      ],
      [{ tlsCert: one.cert }, /^--tls-cert: expected --tls-key beside it/],
      [{ tlsClientCa: one.cert }, /^--tls-client-ca: expected --tls-cert beside it/],
    ];
    for (const [flags, message] of refused)
      await expect(startTestService({ ...flags })).rejects.toThrow(message);
  });
});

describe.skipIf(!hasTool('openssl'))('mutual TLS', () => {
  const authority = new TestAuthority();
  const strangers = new TestAuthority();
  const { cert, key } = authority.issue('server');
  const settings = { tlsCert: cert, tlsKey: key, tlsClientCa: authority.ca };
  const client = authority.issue('gnb-17');
  const own: ClientTls = { ca: pem(authority.ca), cert: pem(client.cert), key: pem(client.key) };
  const none: ClientTls = { ca: pem(authority.ca) };
  afterAll(() => {
    authority.remove();
    strangers.remove();
  });

  test('required: a client with a certificate may infer, one without is not let in', async () => {
    const service = await startTestService(settings);
    expect(await rest({ service, tls: own })).toBe(1);
    expect(await grpc({ service, tls: own })).toBe(1);
    const other = strangers.issue('gnb-17');
    const foreign: ClientTls = { ...none, cert: pem(other.cert), key: pem(other.key) };
    for (const tls of [none, foreign]) {
      await expect(rest({ service, tls })).rejects.toMatchObject(UNAVAILABLE);
      await expect(grpc({ service, tls })).rejects.toMatchObject(UNAVAILABLE);
    }
    await service.close();
  });

  test.skipIf(!hasTool('curl') || !hasPython('grpc'))(
    'curl and Python’s gRPC with a certificate',
    async () => {
      const service = await startTestService(settings);
      const url = `https://127.0.0.1:${service.server.httpPort}/metrics`;
      const pair = ['--cert', client.cert, '--key', client.key];
      const { stdout } = await run('curl', ['-s', '--cacert', authority.ca, ...pair, url]);
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'PERMISSION_DENIED' } });
      expect(await python(service, authority.ca, client)).toContain('random');
      await service.close();
    },
  );

  test('optional: who has no certificate that holds must say otherwise who they are', async () => {
    const service = await startTestService({
      ...settings,
      tlsClientCertificates: 'optional',
      tlsClientScopes: 'infer,metrics',
    });
    expect(await rest({ service, tls: own })).toBe(1);
    const other = strangers.issue('gnb-17');
    const foreign: ClientTls = { ...none, cert: pem(other.cert), key: pem(other.key) };
    for (const tls of [none, foreign]) {
      await expect(rest({ service, tls })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      await expect(grpc({ service, tls })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    await service.close();
  });
});

const PYTHON_CLIENT = `
import sys, grpc
target, ca, *pair = sys.argv[1:]
read = lambda path: open(path, 'rb').read()
credentials = grpc.ssl_channel_credentials(read(ca), *([read(pair[1]), read(pair[0])] if pair else []))
with grpc.secure_channel(target, credentials) as channel:
    print(channel.unary_unary('/spikingrx.v1.LlrService/ListModels')(b'', timeout=20))
`;

/** What Python's gRPC is told of the models, over TLS. */
async function python(service: TestService, ca: string, client?: CertificateFiles): Promise<string> {
  const pair = client ? [client.cert, client.key] : [];
  const target = `localhost:${service.server.grpcPort}`;
  return (await run(PYTHON, ['-c', PYTHON_CLIENT, target, ca, ...pair])).stdout;
}
