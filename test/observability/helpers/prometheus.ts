import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Debian's Prometheus, with its data in a temporary folder, that scrapes one target four times a second. */
export class Prometheus {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly directory: string,
  ) {}

  /** @param target `host:port` whose /metrics is scraped. */
  static async start(target: string): Promise<Prometheus> {
    const directory = mkdtempSync(join(tmpdir(), 'spikingrx-prometheus-'));
    const config = join(directory, 'prometheus.yml');
    const scrape = `{ job_name: spikingrx, static_configs: [{ targets: ['${target}'] }] }`;
    writeFileSync(config, `global: { scrape_interval: 250ms }\nscrape_configs: [${scrape}]\n`);
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=error',
      ],
      { stdio: 'ignore', env: { ...process.env, GOMAXPROCS: '1' } },
    );
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.removeListener('exit', kill));
    return new Prometheus(`http://${address}`, child, directory);
  }

  /** @throws with Prometheus' own words when the expression is wrong. */
  async query(expression: string): Promise<readonly Sample[]> {
    const answer = await fetch(`${this.url}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const { data, error } = (await answer.json()) as {
      data?: { resultType: string; result: { metric: Sample['metric']; value: [number, string] }[] };
      error?: string;
    };
    if (!data) throw new Error(`${expression}: ${error}`);
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** Waits until the target has been scraped so often. */
  async scraped(times: number): Promise<void> {
    await vi.waitFor(
      async () => {
        const [count] = await this.query('count_over_time(up[5m])');
        if (!count || count.value < times) throw new Error(`scraped ${count?.value ?? 0} times`);
      },
      { timeout: 20_000, interval: 100 },
    );
  }

  async stop(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exit;
    rmSync(this.directory, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}
