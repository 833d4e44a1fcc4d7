import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, type ClientReadableStream } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath as healthProto } from 'grpc-health-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { GrpcLlrClient, RestLlrClient, type ClientGrid, type StreamAnswer } from '#client/index.js';
import { grid, jsonGrid } from './helpers/grids.js';
import { testModels } from './helpers/service.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

interface Served {
  readonly child: ChildProcess;
  readonly rest: RestLlrClient;
  readonly grpc: GrpcLlrClient;
  readonly exit: Promise<number | null>;
  readonly log: Record<string, unknown>[];
  readonly httpPort: number;
  readonly target: string;
}

let models: Awaited<ReturnType<typeof testModels>>;
let served: Served | undefined;
beforeEach(async () => {
  models = await testModels();
});
afterEach(async () => {
  served?.grpc.close();
  served?.child.kill('SIGKILL');
  await models.remove();
});

/** `spikingrx serve` as a process of its own, once it is ready. */
async function serve(...flags: string[]): Promise<Served> {
  const args = [
    'serve',
    '--models-dir',
    models.path,
    '--host',
    '127.0.0.1',
    '--http-port',
    '0',
    '--grpc-port',
    '0',
  ];
  const child = spawn(process.execPath, [MAIN, ...args, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  const log: Record<string, unknown>[] = [];
  const listening = await new Promise<Record<string, unknown>>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const entry = JSON.parse(line) as Record<string, unknown>;
      log.push(entry);
      if (entry['msg'] === 'ready') resolve(log.find(({ msg }) => msg === 'listening')!);
    });
    void exit.then((code) => reject(new Error(`exited with ${code}`)));
  });
  const httpPort = Number(listening['httpPort']);
  const target = `127.0.0.1:${String(listening['grpcPort'])}`;
  const rest = new RestLlrClient({ baseUrl: `http://127.0.0.1:${httpPort}` });
  const grpc = new GrpcLlrClient({ target });
  served = { child, rest, grpc, exit, log, httpPort, target };
  return served;
}

const wide = (count: number): ClientGrid[] =>
  Array.from({ length: count }, (_, seed) => grid({ seed, nSc: 12 * 60 }));

/** Grids without an answer. */
async function inFlight(httpPort: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
  return Number(/^spikingrx_grids_in_flight (\d+)$/m.exec(text)?.[1]);
}

async function outcome(answers: Promise<unknown>): Promise<string> {
  return answers.then(
    () => 'answered',
    ({ code }: { code: string }) => code,
  );
}

describe('SIGTERM', () => {
  test('not ready at once, still serving; what is in flight finishes; exit 0', async () => {
    const { child, rest, grpc, exit, log, httpPort } = await serve(
      '--drain-delay-ms',
      '2000',
      '--workers',
      '1',
    );
    expect(await rest.ready()).toBe(true);
    const unary = grpc.compute(wide(30));
    const binary = rest.compute(wide(30));
    await vi.waitFor(async () => expect(await inFlight(httpPort)).toBeGreaterThan(0), 10_000);
    child.kill('SIGTERM');
    await vi.waitFor(async () => expect(await rest.ready()).toBe(false), 10_000);
    expect(await rest.compute([grid()])).toHaveLength(1);
    expect(await unary).toHaveLength(30);
    expect(await binary).toHaveLength(30);
    expect(await exit).toBe(0);
    expect(log.map(({ msg }) => msg)).toEqual(expect.arrayContaining(['settings in effect', 'stopped']));
  });

  test('an open stream gets its answers, then UNAVAILABLE; exit 0', async () => {
    const { child, grpc, exit } = await serve('--drain-delay-ms', '0', '--workers', '1');
    let sent = 0;
    async function* endless(): AsyncGenerator<ClientGrid> {
      for (;;) {
        yield grid({ id: `s${sent++}`, nSc: 12 * 20 });
        if (sent === 40) child.kill('SIGTERM');
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    const answers: StreamAnswer[] = [];
    const consume = async (): Promise<void> => {
      for await (const answer of grpc.stream(endless(), { window: 16 })) answers.push(answer);
    };
    await expect(consume()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(answers.length).toBeGreaterThan(20);
    expect(answers.filter(({ error }) => error)).toEqual([]);
    expect(await exit).toBe(0);
  });

  test('right after a client cancelled, with its batch still running; exit 0', async () => {
    const { child, grpc, exit } = await serve('--drain-delay-ms', '0', '--workers', '2');
    for await (const answer of grpc.stream(wide(60), { window: 60 })) {
      expect(answer.error).toBeUndefined();
      break;
    }
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });

  test('what is still in flight at the limit gets UNAVAILABLE; exit 0', async () => {
    const flags = ['--drain-delay-ms', '0', '--shutdown-timeout-ms', '1', '--workers', '1'];
    const { child, rest, grpc, exit, log, httpPort } = await serve(...flags);
    const grids = wide(40);
    const calls = [rest, grpc, grpc, grpc, grpc, grpc].map(async (client) => outcome(client.compute(grids)));
    await vi.waitFor(async () => expect(await inFlight(httpPort)).toBeGreaterThan(80), 10_000);
    child.kill('SIGTERM');
    expect(await Promise.all(calls)).toContain('UNAVAILABLE');
    expect(await exit).toBe(0);
    const messages = log.map(({ msg }) => msg);
    expect(messages).toContain('requests in flight did not finish in time: closing their connections');
    expect(Number(log.find(({ msg }) => msg === 'stopped')?.['abandoned'])).toBeGreaterThan(0);
  });

  test('a second signal does not wait', async () => {
    const { child, exit } = await serve('--drain-delay-ms', '60000');
    child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 100));
    child.kill('SIGINT');
    expect(await exit).toBe(1);
  });

  test('idle connections, half a request and a watched health status are not waited for', async () => {
    const { child, rest, grpc, exit, log, httpPort, target } = await serve('--drain-delay-ms', '0');
    const bare = connect(httpPort, '127.0.0.1');
    const half = connect(httpPort, '127.0.0.1', () => half.write('POST /v1/llr HTTP/1.1\r\nHost'));
    for (const socket of [bare, half]) socket.on('error', () => undefined);
    const watched = watchHealth(target);
    expect(await watched.first).toBe('SERVING');
    expect(await grpc.compute([grid()])).toHaveLength(1);
    expect(await rest.computeJson([grid()])).toHaveLength(1);
    const start = performance.now();
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    expect(performance.now() - start).toBeLessThan(4000);
    expect(log.filter(({ level }) => Number(level) >= 40)).toEqual([]);
    for (const socket of [bare, half]) socket.destroy();
    watched.close();
  });

  test('what comes on an open connection meanwhile is refused in the form of every error', async () => {
    const { child, exit, httpPort } = await serve('--drain-delay-ms', '0');
    const upload = await openSocket(httpPort);
    const late = await openSocket(httpPort);
    const body = JSON.stringify({ grids: [jsonGrid()] });
    const head = `Host: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    upload.socket.write(`POST /v1/llr HTTP/1.1\r\n${head}\r\n\r\n${body.slice(0, 100)}`);
    late.socket.write('GET /v1/models HTTP/1.1\r\nHost: x\r\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 200));
    late.socket.write('\r\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    upload.socket.write(body.slice(100));
    expect(await exit).toBe(0);
    expect(late.answer()).toMatch(/^HTTP\/1\.1 503 .*\r\n\r\n\{"error":\{"code":"UNAVAILABLE","message"/s);
    expect(upload.answer().slice(0, 15)).toBe('HTTP/1.1 200 OK');
  });
});

async function openSocket(port: number) {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return { socket, answer: () => Buffer.concat(chunks).toString('latin1') };
}

/** `grpc.health.v1.Health/Watch`, kept open. */
function watchHealth(target: string) {
  interface Health {
    watch(request: object): ClientReadableStream<{ status: string }>;
    close(): void;
  }
  const root = loadPackageDefinition(loadSync(healthProto, { enums: String })) as unknown as {
    grpc: { health: { v1: { Health: new (address: string, creds: unknown) => Health } } };
  };
  const client = new root.grpc.health.v1.Health(target, credentials.createInsecure());
  const call = client.watch({ service: '' });
  call.on('error', () => undefined);
  const first = new Promise<string>((resolve) => {
    call.once('data', ({ status }) => resolve(status));
  });
  return { first, close: () => client.close() };
}
