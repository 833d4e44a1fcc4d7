import { execFileSync, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ServiceProcess } from '#bench/service-process.js';
import { GrpcLlrClient, RestLlrClient } from '#client/index.js';
import { parseSample } from '#soak/service-watch.js';
import { temporaryModels } from '../demo/helpers/model-repository.js';
import { until } from './helpers/faults.js';
import { startOthers } from './helpers/others.js';

const CLIENTS = fileURLToPath(new URL('./helpers/idle-clients.mjs', import.meta.url));
const EACH = 5000;
/** The service's files beside the connections are a few dozen; Node raises the soft limit to the hard one. */
const canOpenThem =
  Number(execFileSync('bash', ['-c', 'ulimit -Hn | sed s/unlimited/1048576/'])) > 2.1 * EACH;

async function idleClients(port: number, protocol: 'http1' | 'http2'): Promise<ChildProcess> {
  const child = fork(CLIENTS, [String(port), String(EACH), protocol], { execArgv: [] });
  await once(child, 'message');
  return child;
}

async function closedOf(child: ChildProcess): Promise<number> {
  child.send('how many?');
  const [{ closed }] = (await once(child, 'message')) as [{ closed: number }];
  return closed;
}

/**
 * Whether ten thousand found the memory of those before them. Lost memory grows by as much each time; what is only not
 * collected yet, on a busy machine, is by the next.
 */
function usedAgain(rss: readonly number[]): boolean {
  const growth = rss.slice(1).map((bytes, i) => bytes - (rss[i] ?? 0));
  const [first = 0, ...later] = growth;
  return later.some((bytes) => bytes < 0.5 * first);
}

describe.skipIf(!canOpenThem)('10,000 idle connections, half of them on each port', () => {
  const models = temporaryModels();
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await ServiceProcess.start({ flags: ['--models-dir', models.directory, '--workers', '1'] });
  });
  afterAll(async () => {
    await service.stop();
    models.remove();
  });

  const rssBytes = async (): Promise<number> =>
    parseSample(await (await fetch(`${service.baseUrl}/metrics`)).text(), 0).rssBytes;

  test('take little memory each, others are served meanwhile, and the memory is used again', async () => {
    const clients = {
      rest: new RestLlrClient({ baseUrl: service.baseUrl }),
      grpc: new GrpcLlrClient({ target: service.target }),
    };
    const others = await startOthers(clients);
    await others.more(50);
    const rss = [await rssBytes()];
    for (let round = 1; round <= 4 && !usedAgain(rss); round += 1) {
      const idle = await Promise.all([
        idleClients(service.httpPort, 'http1'),
        idleClients(Number(service.target.split(':')[1]), 'http2'),
      ]);
      await others.more(10);
      expect(await Promise.all(idle.map(closedOf))).toEqual([0, 0]);
      rss.push(await rssBytes());
      for (const child of idle) child.kill();
      await others.more(10);
    }
    await others.stop();
    expect(others.complaints).toEqual([]);
    const [before = 0, first = 0] = rss;
    const perConnection = (first - before) / (2 * EACH);
    console.log(`${(perConnection / 1024).toFixed(1)} KiB of the service for each idle connection`);
    expect(perConnection).toBeLessThan(64 * 1024);
    expect(usedAgain(rss), `resident bytes: ${rss.join(', ')}`).toBe(true);
    await until(async () => (await fetch(`${service.baseUrl}/readyz`)).ok, 'not ready');
    clients.rest.close();
    clients.grpc.close();
  }, 120_000);
});
