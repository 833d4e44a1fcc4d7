import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SpikingRxError } from '../errors.js';

const MAIN = fileURLToPath(new URL('../cli/main.js', import.meta.url));
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000;
/** As much of the service's log as an error message should quote. */
const LOG_TAIL_CHARACTERS = 2000;

export interface ServiceProcessOptions {
  /** Flags of `spikingrx serve` beside host and ports, for example `['--workers', '2']`. */
  readonly flags?: readonly string[];
  /** Aborting it stops the wait for the start. */
  readonly signal?: AbortSignal;
}

/** `spikingrx serve` in a process of its own, on free ports of the loopback interface. */
export class ServiceProcess {
  readonly #child: ChildProcess;
  #log = '';

  private constructor(
    readonly httpPort: number,
    readonly grpcPort: number,
    flags: readonly string[],
  ) {
    const ports = ['--http-port', String(httpPort), '--grpc-port', String(grpcPort)];
    const own = ['--host', '127.0.0.1', ...ports, '--log-level', 'warn', '--drain-delay-ms', '0'];
    this.#child = spawn(process.execPath, [MAIN, 'serve', ...own, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer): void => {
      this.#log = (this.#log + chunk.toString()).slice(-LOG_TAIL_CHARACTERS);
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    const kill = (): void => void this.#child.kill('SIGKILL');
    process.once('exit', kill);
    this.#child.once('exit', () => process.removeListener('exit', kill));
  }

  /**
   * Resolves when the service is ready for grids.
   * @throws FAILED_PRECONDITION with the end of its log when it does not start.
   */
  static async start(options: ServiceProcessOptions = {}): Promise<ServiceProcess> {
    const [httpPort, grpcPort] = await freePorts();
    const service = new ServiceProcess(httpPort, grpcPort, options.flags ?? []);
    try {
      await service.#untilReady(options.signal);
    } catch (error) {
      await service.stop();
      throw error;
    }
    return service;
  }

  /** `http://127.0.0.1:…` */
  get baseUrl(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  /** `127.0.0.1:…` of the gRPC port. */
  get target(): string {
    return `127.0.0.1:${this.grpcPort}`;
  }

  /** Asks it to drain and exit; kills it when it does not. @returns its exit code, null when killed. */
  async stop(): Promise<number | null> {
    if (!this.#exited) {
      const exit = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
      await exit;
      clearTimeout(timer);
    }
    return this.#child.exitCode;
  }

  get #exited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #untilReady(signal?: AbortSignal): Promise<void> {
    const limit = performance.now() + START_LIMIT_MS;
    while (!(await isReady(this.baseUrl))) {
      signal?.throwIfAborted();
      if (this.#exited || performance.now() > limit)
        throw new SpikingRxError('FAILED_PRECONDITION', `the service did not start:\n${this.#log.trim()}`);
      await sleep(50);
    }
  }
}

async function isReady(baseUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${baseUrl}/readyz`)).ok;
  } catch {
    return false;
  }
}

/** Two ports that are free now. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    }),
  );
  await Promise.all(servers.map(async (server) => once(server.close(), 'close')));
  return ports as [number, number];
}
