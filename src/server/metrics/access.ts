import { Counter, Gauge, type Registry } from 'prom-client';
import type { Expiry } from '../tls/material.js';

/** Who was let in by what: files of credentials and what was refused. */
export class AccessMetrics {
  readonly #reloads;
  readonly #expiry;
  readonly #refused;

  constructor(registers: Registry[]) {
    this.#reloads = new Counter({
      name: 'spikingrx_credential_reloads_total',
      help: 'Changed files of certificates or keys, by what they are and outcome (ok, or failed: the old stay)',
      labelNames: ['what', 'outcome'],
      registers,
    });
    this.#expiry = new Gauge({
      name: 'spikingrx_tls_certificate_expiry_timestamp_seconds',
      help: 'When a certificate in use runs out, in Unix time: of the server, or the first of the client CAs',
      labelNames: ['certificate'],
      registers,
    });
    this.#refused = new Counter({
      name: 'spikingrx_connections_refused_total',
      help: 'Connections closed at once because there were maxConnections on their port (http, grpc, admin)',
      labelNames: ['port'],
      registers,
    });
    for (const port of ['http', 'grpc']) this.#refused.inc({ port }, 0);
  }

  certificatesLoaded({ server, clientCa }: Expiry): void {
    this.#expiry.set({ certificate: 'server' }, server / 1000);
    if (clientCa !== undefined) this.#expiry.set({ certificate: 'client_ca' }, clientCa / 1000);
  }

  readonly connectionRefused = (port: 'http' | 'grpc' | 'admin'): void => {
    this.#refused.inc({ port });
  };

  readonly reloaded = (what: string, outcome: 'ok' | 'failed'): void => {
    this.#reloads.inc({ what, outcome });
  };
}
