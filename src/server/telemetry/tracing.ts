import type { EngineObserver } from '../../engine/observer.js';
import { invalid } from '../../errors.js';
import type { Logger } from '../log.js';
import type { OutcomeCode, Stage } from '../metrics.js';
import type { RequestStart } from './requests.js';

/** Start and end of a span on the `performance.now()` clock. */
export interface Times {
  readonly startMs: number;
  readonly endMs: number;
}

/** Stages that are timed, and before them the time from a request's beginning to its admission. */
export type TracedStage = Stage | 'admission';

/** What is being traced: a request with all its grids, or one grid of a stream. */
export interface Trace {
  /** Undefined for a stream that is left out itself. */
  readonly traceId: string | undefined;
  /** For the answer: W3C `traceparent`, and `tracestate` where one came; empty for such a stream. */
  readonly headers: Readonly<Record<string, string>>;
  stage(stage: TracedStage, times: Times): void;
  /** For what the engine computes: its events belong here. */
  readonly watched: object;
  /** A grid, or tensors, have been decoded. */
  decoded(request: DecodedRequest, times: Times): void;
  /** `message` is its answer; a grid of a stream ends when that has been encoded. */
  answeredBy(message: object): void;
  /** One grid of a stream, whose message came at `startMs`; undefined where the sampler leaves it out. */
  grid(startMs: number): Trace | undefined;
  /** Idempotent. */
  end(code: OutcomeCode): void;
}

/** What its span says of a decoded grid; of tensors only the model. */
export interface DecodedRequest {
  readonly model?: string;
  readonly version?: string;
  readonly shape?: { readonly nRx: number; readonly nSym: number; readonly nSc: number };
}

/** Spans of requests and of what the engine does for them. */
export interface Tracing {
  readonly observer: EngineObserver;
  /** Undefined where the sampler leaves the request out; a stream's grids are asked for one by one. */
  begin(start: RequestStart, startMs: number): Trace | undefined;
  /** Answers were encoded in one message. */
  encoded(messages: readonly object[], times: Times): void;
  /** Sends what there is and stops. Never rejects. */
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Traces where the standard's variables ask for them: an endpoint is given, or an exporter is named.
 * OpenTelemetry is loaded then and only then.
 * @throws INVALID_ARGUMENT for an exporter or a protocol that is not there.
 */
export async function startTracing(environment: Environment, log: Logger): Promise<Tracing | undefined> {
  if (!isAskedFor(environment)) return undefined;
  const { OtelTracing } = await import('./otel.js');
  return OtelTracing.start(log);
}

function isAskedFor(environment: Environment): boolean {
  const value = (name: string): string => environment[name]?.trim() ?? '';
  if (value('OTEL_SDK_DISABLED').toLowerCase() === 'true') return false;
  const exporter = value('OTEL_TRACES_EXPORTER');
  if (exporter === 'none') return false;
  const endpoint = value('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') || value('OTEL_EXPORTER_OTLP_ENDPOINT');
  if (exporter === '' && endpoint === '') return false;
  if (exporter !== '' && exporter !== 'otlp') throw invalid('OTEL_TRACES_EXPORTER', 'otlp or none', exporter);
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'])
    if (value(name) !== '' && value(name) !== 'http/protobuf')
      throw invalid(name, 'http/protobuf', value(name));
  return true;
}
