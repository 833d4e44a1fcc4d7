import { setMaxListeners } from 'node:events';
import type { Engine } from '../engine/engine.js';
import { takesTensors } from '../engine/llr-row.js';
import type { LlrModelInfo, ModelInfo, Permit, RequestSize } from '../engine/types.js';
import { SpikingRxError, invalid } from '../errors.js';
import type { Access } from './access/access.js';
import { RateLimit } from './access/rate-limit.js';
import type { Capture } from './capture/capture.js';
import { LiveFeed } from './live/feed.js';
import { LatestAnswer } from './live/latest.js';
import { describeService } from './live/service.js';
import { withoutStream } from './client-key.js';
import type { Config } from './config.js';
import { Deadlines } from './deadlines.js';
import { GridDecoder } from './decode-grid.js';
import { DecodeReports } from './decode-reports.js';
import { GridService } from './grids.js';
import type { Logger } from './log.js';
import type { Metrics } from './metrics.js';
import { SpikesService } from './spikes/spikes.js';
import type { Requests } from './telemetry/requests.js';
import { WaitingRoom, type WaitLimits } from './waiting-room.js';
import { Work } from './work.js';

/** Longest model name and version looked up, because messages repeat them. */
const MAX_NAME_LENGTH = 256;

export interface CoreParts {
  readonly engine: Engine;
  readonly config: Config;
  readonly metrics: Metrics;
  readonly requests: Requests;
  readonly access: Access;
  /** The one at the root: its level is the level of the log. */
  readonly log: Logger;
  readonly capture?: Capture | undefined;
}

/** What REST and gRPC share: readiness, models, admission, and the way of a grid. One for the whole service. */
export class ServiceCore {
  readonly engine: Engine;
  readonly config: Config;
  readonly metrics: Metrics;
  readonly requests: Requests;
  readonly access: Access;
  readonly log: Logger;
  readonly deadlines: Deadlines;
  readonly reports: DecodeReports;
  readonly capture: Capture | undefined;
  readonly grids: GridService;
  /** With the setting `dashboardRequest`. */
  readonly latest: LatestAnswer | undefined;
  /** With the setting `dashboard`. */
  readonly live: LiveFeed | undefined;
  readonly spikes: SpikesService;
  readonly work = new Work();
  readonly #stop = new AbortController();
  /** What each client may ask for. */
  readonly rates: { readonly requests: RateLimit; readonly grids: RateLimit };
  readonly #room: WaitingRoom;
  #draining = false;

  constructor(parts: CoreParts) {
    this.engine = parts.engine;
    this.config = parts.config;
    this.metrics = parts.metrics;
    this.requests = parts.requests;
    this.access = parts.access;
    this.capture = parts.capture;
    this.log = parts.log;
    this.rates = {
      requests: new RateLimit(parts.config.maxRequestsPerSecond, 'requests'),
      grids: new RateLimit(parts.config.maxGridsPerSecond, 'grids'),
    };
    this.deadlines = new Deadlines(parts.config);
    this.reports = new DecodeReports(this.config, this.metrics.decoding);
    const { engine, config, metrics, deadlines, reports, capture } = this;
    this.latest = config.dashboardRequest ? new LatestAnswer() : undefined;
    const { latest } = this;
    const decoder = new GridDecoder();
    this.grids = new GridService({ engine, config, metrics, deadlines, reports, capture, latest, decoder });
    this.spikes = new SpikesService({ engine, config, deadlines, decoder });
    const recorder = metrics.live;
    this.live = recorder && new LiveFeed({ recorder, engine, describe: () => describeService(this) });
    if (this.live) metrics.watchLive(this.live);
    this.#room = new WaitingRoom(this.engine);
    setMaxListeners(0, this.#stop.signal);
  }

  /** False once a shutdown has begun, though requests are served for a while yet. */
  get ready(): boolean {
    return !this.#draining && this.engine.ready;
  }

  /** Why it is not ready; undefined when it is. */
  get unready(): string | undefined {
    const { starting, ready, stats } = this.engine;
    if (this.#draining) return 'shutting down';
    if (starting) return `starting: ${starting.warmWorkers} of ${starting.workers} workers are warm`;
    if (stats.liveWorkers === 0) return 'no worker is alive';
    return ready ? undefined : 'no model is served';
  }

  /** @throws UNAVAILABLE, with the reason. */
  requireReady(): void {
    const { unready } = this;
    if (unready !== undefined) throw new SpikingRxError('UNAVAILABLE', `not ready: ${unready}`);
  }

  /** Aborted when open streams must come to an end. */
  get stopSignal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Not ready from now on; still serving. */
  beginDrain(): void {
    this.#draining = true;
  }

  /** Open streams finish what they have and end. */
  stopStreams(): void {
    this.#draining = true;
    this.live?.end();
    this.#stop.abort();
  }

  /** @throws NOT_FOUND with field `model`. */
  model(name?: string, version?: string): ModelInfo {
    for (const [field, text = ''] of [
      ['model', name],
      ['version', version],
    ] as const)
      if (text.length > MAX_NAME_LENGTH)
        throw invalid(field, `at most ${MAX_NAME_LENGTH} characters`, `${text.length} characters`);
    try {
      return this.engine.model(name || undefined, version || undefined);
    } catch (error) {
      if (!(error instanceof SpikingRxError) || error.code !== 'NOT_FOUND') throw error;
      const received = version ? `${name || 'default'} version ${version}` : (name ?? 'default');
      throw new SpikingRxError('NOT_FOUND', `model: ${error.message}`, {
        field: 'model',
        expected: 'the name and version of a served model',
        received,
        cause: error,
      });
    }
  }

  /** @throws as `model`, and FAILED_PRECONDITION for one that takes tensors, not grids. */
  llrModel(name?: string, version?: string): LlrModelInfo {
    const model = this.model(name, version);
    if (!takesGrids(model)) throw takesTensors(model.name, model.misfit);
    return model;
  }

  /** @throws QUEUE_FULL, RATE_LIMITED, UNAVAILABLE or PAYLOAD_TOO_LARGE. */
  admit(size: RequestSize): Permit {
    return this.#paid(size, this.#room.admit(size));
  }

  /** Undefined where one must wait: no room, or others wait already. @throws as `admit`, but for QUEUE_FULL. */
  tryAdmit(size: RequestSize): Permit | undefined {
    const permit = this.#room.tryAdmit(size);
    return permit && this.#paid(size, permit);
  }

  /**
   * Waits while the queue is full, which holds a stream's next message back and so, through HTTP/2 flow
   * control, its client.
   * @throws RATE_LIMITED, UNAVAILABLE, PAYLOAD_TOO_LARGE, CANCELLED when `signal` aborts; DEADLINE_EXCEEDED.
   */
  async admitWhenRoom(size: RequestSize, limits: WaitLimits): Promise<Permit> {
    try {
      return this.#paid(size, await this.#room.admitWhenRoom(size, limits));
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
      throw new SpikingRxError('UNAVAILABLE', 'the service is shutting down', { cause: error });
    }
  }

  /** Grids count against their client's rate once there is room for them. @throws RATE_LIMITED. */
  #paid({ grids, client = '' }: RequestSize, permit: Permit): Permit {
    if (grids === 0 || !this.rates.grids.isLimited) return permit;
    try {
      this.rates.grids.take(withoutStream(client), grids);
      return permit;
    } catch (error) {
      permit.release();
      throw error;
    }
  }
}

function takesGrids(model: ModelInfo): model is LlrModelInfo {
  return model.nRx !== undefined && model.bitsPerSymbol !== undefined;
}
