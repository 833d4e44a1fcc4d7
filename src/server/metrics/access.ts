import { Counter, type Registry } from 'prom-client';

/** Who was let in by what: files of credentials and what was refused. */
export class AccessMetrics {
  readonly #reloads;

  constructor(registers: Registry[]) {
    this.#reloads = new Counter({
      name: 'spikingrx_credential_reloads_total',
      help: 'Changed files of certificates or keys, by what they are and outcome (ok, or failed: the old stay)',
      labelNames: ['what', 'outcome'],
      registers,
    });
  }

  readonly reloaded = (what: string, outcome: 'ok' | 'failed'): void => {
    this.#reloads.inc({ what, outcome });
  };
}
