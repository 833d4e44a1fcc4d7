import { setTimeout as delay } from 'node:timers/promises';
import type { Engine, EngineInternals, PreparedEngine } from '../engine/engine.js';
import { Access } from './access/access.js';
import { Capture } from './capture/capture.js';
import { checkTogether, serviceLinks, type Config } from './config.js';
import { ServiceCore } from './core.js';
import { FileFollower } from './followed-files.js';
import { createGrpcServer, type GrpcServer } from './grpc/server.js';
import { Listeners } from './listeners.js';
import { createLogger, type Logger } from './log.js';
import { Metrics } from './metrics.js';
import type { AccessMetrics } from './metrics/access.js';
import { LiveRecorder } from './live/recorder.js';
import { observedEngine } from './start-engine.js';
import { ServerTls } from './tls/server-tls.js';
import { AccessLog } from './telemetry/access-log.js';
import { Requests } from './telemetry/requests.js';
import { startTracing } from './telemetry/tracing.js';

export interface RunningServer {
  readonly httpPort: number;
  readonly grpcPort: number;
  /** With the setting `adminPort`. */
  readonly adminPort?: number;
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

/** For answers that were handed to the sockets to leave them. */
const FLUSH_MS = 100;
/** For the last spans to reach their collector, if it is there. */
const FLUSH_SPANS_MS = 3000;
/** For what was captured to reach the disk. */
const FLUSH_CAPTURE_MS = 5000;
/** How often health follows the engine's readiness: workers may die and come back. */
const HEALTH_PERIOD_MS = 250;

/**
 * Starts both transports, and then the engine: while its models load and warm up, probes are answered and calls are
 * told that the service is starting.
 * @throws SpikingRxError when a setting, the models, the provider or a port does not work.
 */
export async function startServer(config: Config, deps: ServerDeps = {}): Promise<RunningServer> {
  const log = deps.log ?? createLogger(config);
  const metrics = new Metrics(config.dashboard ? new LiveRecorder() : undefined);
  try {
    // First: what it refuses is refused before models are loaded.
    const credentials = await loadCredentials(config, metrics.access, log);
    try {
      return await startWith(credentials, { config, log, metrics, internals: deps.engine });
    } catch (error) {
      credentials.files.close();
      throw error;
    }
  } catch (error) {
    metrics.close();
    throw error;
  }
}

interface StartParts {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly internals: EngineInternals | undefined;
}

async function startWith(
  { files, access, tls }: Awaited<ReturnType<typeof loadCredentials>>,
  { config, log, metrics, internals }: StartParts,
): Promise<RunningServer> {
  const tracing = await startTracing(process.env, log);
  const prepared = await observedEngine(config, { metrics, log, tracing, internals });
  const { engine } = prepared;
  try {
    const effective = withRoomForModels(config, prepared);
    log.info({ config: effective }, 'settings in effect');
    log.debug({ variables: serviceLinks(process.env) }, 'variables of Kubernetes service links, ignored');
    const accessLog = new AccessLog(log, config.accessLogSample);
    const requests = new Requests({ metrics, accessLog, tracing });
    const capture = await Capture.create(config, { metrics: metrics.capture, log });
    const core = new ServiceCore({ engine, config: effective, metrics, requests, access, capture, log });
    try {
      const grpc = createGrpcServer(core);
      const listeners = await Listeners.open({ core, grpc, tls, log });
      log.info({ host: config.host, ...listeners.ports }, 'listening');
      await startOrClose(prepared, listeners);
      log.info('ready');
      return running({ core, grpc, listeners, log, files });
    } catch (error) {
      core.live?.close();
      throw error;
    }
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Certificates and keys, and who follows their files. @throws SpikingRxError when they cannot be used. */
async function loadCredentials(config: Config, metrics: AccessMetrics, log: Logger) {
  const files = new FileFollower({
    log,
    periodMs: config.credentialsReloadMs,
    reloaded: metrics.reloaded,
  });
  try {
    const access = await Access.create(config, files);
    const tls = await ServerTls.create(config, { files, metrics });
    return { files, access, tls };
  } catch (error) {
    files.close();
    throw error;
  }
}

/** The size limit of a request follows the models when one takes more antennas than was reckoned with. */
function withRoomForModels(config: Config, { engine, maxRx }: PreparedEngine): Config {
  const { workers } = engine.options;
  const effective = { ...config, maxRx: Math.max(config.maxRx, maxRx), workers };
  checkTogether(effective);
  return effective;
}

async function startOrClose(prepared: PreparedEngine, listeners: Listeners): Promise<void> {
  try {
    await prepared.start();
  } catch (error) {
    listeners.closeConnections();
    await listeners.close();
    throw error;
  }
}

interface Parts {
  readonly core: ServiceCore;
  readonly grpc: GrpcServer;
  readonly listeners: Listeners;
  readonly log: Logger;
  readonly files: FileFollower;
}

function running(parts: Parts): RunningServer {
  const { core, grpc, listeners } = parts;
  const { ports } = listeners;
  grpc.setServing(core.ready);
  const health = setInterval(() => grpc.setServing(core.ready), HEALTH_PERIOD_MS);
  health.unref();
  const stopWatching = (): void => {
    clearInterval(health);
    parts.files.close();
    core.live?.close();
    core.metrics.close();
  };
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
      listeners.closeConnections();
      await core.engine.close();
    },
  };
}

async function shutDown({ core, grpc, listeners, log }: Parts): Promise<void> {
  const { drainDelayMs, shutdownTimeoutMs } = core.config;
  core.beginDrain();
  grpc.setServing(false);
  log.info({ drainDelayMs, shutdownTimeoutMs }, 'shutting down: not ready, still serving');
  await delay(drainDelayMs);
  core.stopStreams();
  const closed = listeners.close();
  if (!(await within(shutdownTimeoutMs, core.work.idle())))
    log.warn('requests in flight did not finish in time: closing their connections');
  const { abandoned } = await core.engine.drain(0);
  // What is left are connections without work: idle ones, half a request, a watched health status.
  await within(FLUSH_MS, closed);
  listeners.closeConnections();
  await core.engine.close();
  await closed;
  await within(FLUSH_SPANS_MS, core.requests.close());
  if (core.capture) await within(FLUSH_CAPTURE_MS, core.capture.close());
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
