import { setTimeout as delay } from 'node:timers/promises';
import { ServerCredentials, type Server as GrpcJsServer } from '@grpc/grpc-js';
import { createEngine, type Engine, type EngineInternals } from '../engine/engine.js';
import type { EngineOptions } from '../engine/options.js';
import { Access } from './access/access.js';
import { checkTogether, serviceLinks, type Config } from './config.js';
import { ServiceCore } from './core.js';
import { FileFollower } from './followed-files.js';
import { createGrpcServer, type GrpcServer } from './grpc/server.js';
import { ListenError } from './listen-error.js';
import { createLogger, type Logger } from './log.js';
import { Metrics } from './metrics.js';
import type { App } from './rest/app-type.js';
import { createRestApp } from './rest/app.js';
import { AccessLog } from './telemetry/access-log.js';
import { allObservers } from './telemetry/observers.js';
import { Requests } from './telemetry/requests.js';
import { startTracing, type Tracing } from './telemetry/tracing.js';

export interface RunningServer {
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly engine: Engine;
  /**
   * Not ready at once; goes on serving for `drainDelayMs`; then accepts nothing more, lets what is in flight
   * finish for at most `shutdownTimeoutMs`, and closes. Idempotent.
   */
  close(): Promise<void>;
  /** Closes without waiting for anybody. */
  abort(): Promise<void>;
}

export interface ServerDeps {
  readonly log?: Logger;
  /** For tests: parts of the engine. */
  readonly engine?: EngineInternals;
}

interface EngineDeps {
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly tracing: Tracing | undefined;
  readonly internals: EngineInternals | undefined;
}

/** For answers that were handed to the sockets to leave them. */
const FLUSH_MS = 100;
/** For the last spans to reach their collector, if it is there. */
const FLUSH_SPANS_MS = 3000;
/** How often health follows the engine's readiness: workers may die and come back. */
const HEALTH_PERIOD_MS = 250;

/**
 * Starts the engine and both transports.
 * @throws SpikingRxError when a setting, the models, the provider or a port does not work.
 */
export async function startServer(config: Config, deps: ServerDeps = {}): Promise<RunningServer> {
  const log = deps.log ?? createLogger(config);
  const metrics = new Metrics();
  const files = new FileFollower({
    log,
    periodMs: config.credentialsReloadMs,
    reloaded: metrics.access.reloaded,
  });
  // First: what it refuses is refused before models are loaded.
  const access = await Access.create(config, files);
  const tracing = await startTracing(process.env, log);
  const engine = await startEngine(config, { metrics, log, tracing, internals: deps.engine });
  try {
    const effective = withRoomForModels(config, engine);
    log.info({ config: effective }, 'settings in effect');
    log.debug({ variables: serviceLinks(process.env) }, 'variables of Kubernetes service links, ignored');
    const accessLog = new AccessLog(log, config.accessLogSample);
    const requests = new Requests({ metrics, accessLog, tracing });
    const core = new ServiceCore({ engine, config: effective, metrics, requests, access });
    const grpc = createGrpcServer(core, log);
    const app = await createRestApp(core, log);
    return await listen({ core, app, grpc, log, files });
  } catch (error) {
    files.close();
    await engine.close();
    throw error;
  }
}

async function startEngine(
  config: Config,
  { metrics, log, tracing, internals }: EngineDeps,
): Promise<Engine> {
  const { modelsDir, provider, intraOpThreads, maxBatchGrids, maxBatchResourceElements } = config;
  const { workerHeapMb, workerStallMs } = config;
  const { maxQueueDelayMs, maxQueuedGrids, maxQueuedBytes, defaultModel, deviceId, workers } = config;
  const options: EngineOptions = {
    modelsDir,
    provider,
    workerHeapMb,
    workerStallMs,
    intraOpThreads,
    maxBatchGrids,
    maxBatchResourceElements,
    maxQueueDelayMs,
    maxQueuedGrids,
    maxQueuedBytes,
    ...(defaultModel !== undefined && { defaultModel }),
    ...(deviceId !== undefined && { deviceId }),
    ...(workers !== undefined && { workers }),
    observer: allObservers(metrics.observer, tracing?.observer, {
      workerLost: (event) => log.error(event, 'worker lost'),
      workerRestarted: (event) => log.warn(event, 'worker restarted'),
    }),
  };
  const engine = await createEngine(options, internals);
  metrics.watch(engine);
  const { fallbackReason } = engine.provider;
  if (fallbackReason !== undefined)
    log.warn({ reason: fallbackReason }, 'provider auto fell back to the CPU');
  for (const refused of engine.refusedModels) log.warn(refused, 'model refused');
  for (const { name, version, nRx, bitsPerSymbol, misfit, sha256, provider: on } of engine.models())
    log.info({ name, version, nRx, bitsPerSymbol, misfit, sha256, provider: on }, 'model served');
  return engine;
}

/** The size limit of a request follows the models when one takes more antennas than was reckoned with. */
function withRoomForModels(config: Config, engine: Engine): Config {
  const maxRx = Math.max(config.maxRx, ...engine.models().map(({ nRx = 0 }) => nRx));
  const { workers } = engine.options;
  const effective = { ...config, maxRx, workers };
  checkTogether(effective);
  return effective;
}

interface Parts {
  readonly core: ServiceCore;
  readonly app: App;
  readonly grpc: GrpcServer;
  readonly log: Logger;
  readonly files: FileFollower;
}

async function listen(parts: Parts): Promise<RunningServer> {
  const { core, app, grpc, log } = parts;
  const { host, httpPort, grpcPort } = core.config;
  try {
    await app.listen({ host, port: httpPort });
  } catch (cause) {
    throw new ListenError('HTTP', `${host}:${httpPort}`, cause);
  }
  let boundGrpcPort: number;
  try {
    boundGrpcPort = await bind(grpc.server, `${host.includes(':') ? `[${host}]` : host}:${grpcPort}`);
  } catch (error) {
    await app.close();
    throw error;
  }
  const address = app.server.address();
  const boundHttpPort = typeof address === 'object' ? address?.port : undefined;
  const ports = { httpPort: boundHttpPort ?? httpPort, grpcPort: boundGrpcPort };
  grpc.setServing(core.ready);
  const health = setInterval(() => grpc.setServing(core.ready), HEALTH_PERIOD_MS);
  health.unref();
  const stopWatching = (): void => {
    clearInterval(health);
    parts.files.close();
  };
  log.info({ host, ...ports }, 'listening');
  let closing: Promise<void> | undefined;
  return {
    ...ports,
    engine: core.engine,
    close: async () => {
      closing ??= shutDown(parts).finally(stopWatching);
      await closing;
    },
    abort: async () => {
      stopWatching();
      grpc.server.forceShutdown();
      app.server.closeAllConnections();
      await core.engine.close();
    },
  };
}

async function bind(server: GrpcJsServer, address: string): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(new ListenError('gRPC', address, error));
      else resolve(port);
    });
  });
}

async function shutDown({ core, app, grpc, log }: Parts): Promise<void> {
  const { drainDelayMs, shutdownTimeoutMs } = core.config;
  core.beginDrain();
  grpc.setServing(false);
  log.info({ drainDelayMs, shutdownTimeoutMs }, 'shutting down: not ready, still serving');
  await delay(drainDelayMs);
  core.stopStreams();
  const httpClosed = app.close();
  const grpcClosed = new Promise<void>((resolve) => {
    grpc.server.tryShutdown(() => resolve());
  });
  if (!(await within(shutdownTimeoutMs, core.idle())))
    log.warn('requests in flight did not finish in time: closing their connections');
  const { abandoned } = await core.engine.drain(0);
  // What is left are connections without work: idle ones, half a request, a watched health status.
  await within(FLUSH_MS, Promise.all([httpClosed, grpcClosed]));
  grpc.server.forceShutdown();
  app.server.closeAllConnections();
  await core.engine.close();
  await httpClosed;
  await within(FLUSH_SPANS_MS, core.requests.close());
  log.info({ abandoned }, 'stopped');
}

/** Whether `work` was done within `ms`. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const limit = new AbortController();
  const late = delay(ms, false, { signal: limit.signal }).catch(() => false);
  const inTime = await Promise.race([work.then(() => true), late]);
  limit.abort();
  return inTime;
}
