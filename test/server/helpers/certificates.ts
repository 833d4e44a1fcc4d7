import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths of a certificate and its key. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** An authority made for one test, so that nothing in the repository runs out. Needs openssl. */
export class TestAuthority {
  readonly directory = mkdtempSync(join(tmpdir(), 'spikingrx-tls-'));
  readonly #ca: CertificateFiles;
  #made = 0;

  constructor() {
    this.#ca = this.#files('ca');
    const subject = ['-subj', '/CN=Test authority', '-days', '2'];
    openssl('req', '-x509', ...NEW_KEY, ...subject, '-keyout', this.#ca.key, '-out', this.#ca.cert);
  }

  /** Path of its own certificate. */
  get ca(): string {
    return this.#ca.cert;
  }

  /** A certificate for 127.0.0.1 and localhost. @param days negative for one that has run out. */
  issue(commonName: string, days = 1): CertificateFiles {
    const files = this.#files(`issued-${this.#made++}`);
    const request = join(this.directory, 'request.pem');
    const extensions = join(this.directory, 'extensions.cnf');
    writeFileSync(extensions, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
    openssl('req', ...NEW_KEY, '-subj', `/CN=${commonName}`, '-keyout', files.key, '-out', request);
    const signer = ['-CA', this.#ca.cert, '-CAkey', this.#ca.key, '-CAcreateserial', '-extfile', extensions];
    openssl('x509', '-req', '-in', request, ...signer, '-days', String(days), '-out', files.cert);
    return files;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }

  #files(name: string): CertificateFiles {
    return { cert: join(this.directory, `${name}.pem`), key: join(this.directory, `${name}.key`) };
  }
}

export const pem = (path: string): string => readFileSync(path, 'utf8');

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(...args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
