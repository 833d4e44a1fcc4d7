/** How a client of a service with TLS knows it, and is known by it. All of it in PEM. */
export interface ClientTls {
  /** Certificates that may vouch for the service; those of the system when left out. */
  readonly ca?: string | Buffer;
  /** The client's own certificate, where the service asks for one, and its private key. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** Name that the service's certificate must have; that of the address when left out. */
  readonly serverName?: string;
}
