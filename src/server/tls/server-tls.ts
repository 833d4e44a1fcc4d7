import type { SecureContextOptions, TlsOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Config } from '../config.js';
import type { FileFollower } from '../followed-files.js';
import type { AccessMetrics } from '../metrics/access.js';
import { checkMaterial, contextOptions, type TlsMaterial } from './material.js';

/** What TLS servers of Node have in common. */
interface Reloadable {
  setSecureContext(options: SecureContextOptions): void;
}

/** A client that does not finish its handshake must not keep its connection. */
const HANDSHAKE_MS = 10_000;

/** The certificate of the service, as its files are now: new connections get the new one, open ones go on. */
export class ServerTls {
  readonly #config: Config;
  readonly #metrics: AccessMetrics;
  readonly #servers = new Set<Reloadable>();
  #context: SecureContextOptions = {};

  private constructor(config: Config, metrics: AccessMetrics) {
    this.#config = config;
    this.#metrics = metrics;
  }

  /** Undefined without `tlsCert`. @throws FAILED_PRECONDITION when the files do not fit. */
  static async create(
    config: Config,
    { files, metrics }: { readonly files: FileFollower; readonly metrics: AccessMetrics },
  ): Promise<ServerTls | undefined> {
    const { tlsCert, tlsKey, tlsClientCa } = config;
    if (tlsCert === undefined || tlsKey === undefined) return undefined;
    const tls = new ServerTls(config, metrics);
    await files.follow({
      what: 'tls',
      paths: [tlsCert, tlsKey, ...(tlsClientCa === undefined ? [] : [tlsClientCa])],
      secret: tlsKey,
      apply: ([cert, key, ca]) => tls.#apply({ cert: cert!, key: key!, ca }),
    });
    return tls;
  }

  /** For a server of Node that {@link keepFresh} will be told of. */
  get options(): TlsOptions {
    const { tlsClientCa, tlsClientCertificates, tlsMinVersion } = this.#config;
    return {
      ...this.#context,
      minVersion: tlsMinVersion,
      handshakeTimeout: HANDSHAKE_MS,
      ...(tlsClientCa !== undefined && {
        requestCert: true,
        rejectUnauthorized: tlsClientCertificates === 'required',
      }),
    };
  }

  /** Gives a server every certificate to come. */
  keepFresh(server: Reloadable): void {
    this.#servers.add(server);
  }

  grpcCredentials(): ServerCredentials {
    const credentials = new FreshCredentials(this.options, this.#context);
    this.keepFresh(credentials);
    return credentials;
  }

  #apply(material: TlsMaterial): void {
    const expiry = checkMaterial(material);
    // Keeps the version that is in force: a context without one would take the oldest again.
    this.#context = { ...contextOptions(material), minVersion: this.#config.tlsMinVersion };
    for (const server of this.#servers) server.setSecureContext(this.#context);
    this.#metrics.certificatesLoaded(expiry);
  }
}

/** The certificate providers of grpc-js set neither the version of TLS nor the time for a handshake. */
class FreshCredentials extends ServerCredentials {
  setSecureContext(options: SecureContextOptions): void {
    this.updateSecureContextOptions(options);
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}
