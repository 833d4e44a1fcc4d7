import {
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type TextMapGetter,
  type Tracer,
} from '@opentelemetry/api';
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { Logger } from '../log.js';
import type { OutcomeCode } from '../metrics.js';
import { PACKAGE_VERSION } from '../version.js';
import { isServiceFault } from './access-log.js';
import { EngineSpans, Followed } from './engine-spans.js';
import { LineBudget } from './line-budget.js';
import type { HeaderReader, RequestStart } from './requests.js';
import type { DecodedRequest, Times, Trace, TracedStage, Tracing } from './tracing.js';

const HEADER_GETTER: TextMapGetter<HeaderReader> = {
  get: (read, name) => read(name),
  keys: () => ['traceparent', 'tracestate'],
};

const ignore = (): void => undefined;

/** Spans through OpenTelemetry, as its variables say; nothing of it is global but its own log. */
export class OtelTracing implements Tracing {
  readonly observer;
  readonly #propagator = new W3CTraceContextPropagator();
  readonly #tracer: Tracer;
  readonly #answers = new WeakMap<object, OtelTrace>();

  /** The resource, the sampler, the exporter and the limits come from the environment. */
  static start(log: Logger): OtelTracing {
    const budget = new LineBudget({ lines: 1, periodMs: 60_000 });
    const tell = (otel: string): void =>
      budget.spend('', (fields) => log.warn({ otel, ...fields }, 'tracing: spans may be missing'));
    diag.setLogger(
      { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore },
      { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
    );
    // What its own handler would pass on is the stack, as text.
    setGlobalErrorHandler((error) =>
      tell(typeof error === 'string' ? error : (error.message ?? 'no reason')),
    );
    const service = resourceFromAttributes({
      'service.name': 'spikingrx',
      'service.version': PACKAGE_VERSION,
    });
    const detected = detectResources({ detectors: [serviceInstanceIdDetector, envDetector] });
    return new OtelTracing(
      new NodeTracerProvider({
        resource: defaultResource().merge(service).merge(detected),
        spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
      }),
    );
  }

  private constructor(private readonly provider: NodeTracerProvider) {
    this.#tracer = provider.getTracer('spikingrx', PACKAGE_VERSION);
    this.observer = new EngineSpans(this.#tracer).observer;
  }

  begin(start: RequestStart, startMs: number): Trace | undefined {
    const parent = this.#propagator.extract(ROOT_CONTEXT, start.headers, HEADER_GETTER);
    const clock = epochOf(performance.now());
    const span = this.#tracer.startSpan(
      start.method,
      { kind: SpanKind.SERVER, startTime: clock + startMs, attributes: requestAttributes(start) },
      parent,
    );
    const wasAsked = trace.getSpanContext(parent) !== undefined;
    const decidesForItsGrids = wasAsked || !start.isStream;
    if (decidesForItsGrids && !span.isRecording()) return undefined;
    const parts = { tracer: this.#tracer, answers: this.#answers, clock };
    const headers = span.isRecording() ? this.#headersOf(span) : {};
    return new OtelTrace(span, parts, { headers, wasAsked });
  }

  encoded(messages: readonly object[], times: Times): void {
    for (const message of messages) this.#answers.get(message)?.encoded(times);
  }

  async close(): Promise<void> {
    await this.provider.shutdown().catch((error: unknown) => diag.warn(String(error)));
  }

  #headersOf(span: Span): Readonly<Record<string, string>> {
    const headers: Record<string, string> = {};
    this.#propagator.inject(trace.setSpan(ROOT_CONTEXT, span), headers, {
      set: (carrier, name, value) => {
        carrier[name] = value;
      },
    });
    return headers;
  }
}

interface TraceParts {
  readonly tracer: Tracer;
  readonly answers: WeakMap<object, OtelTrace>;
  /** Milliseconds from 1970 to the zero of `performance.now()`: one for a request, so that its spans fit together. */
  readonly clock: number;
}

interface TraceOrigin {
  readonly headers: Readonly<Record<string, string>>;
  /** The client sent a trace to be continued. */
  readonly wasAsked: boolean;
  readonly isGridOfStream?: boolean;
}

class OtelTrace implements Trace {
  readonly #context: Context;
  readonly watched: Followed;
  #isOver = false;

  constructor(
    private readonly span: Span,
    private readonly parts: TraceParts,
    private readonly origin: TraceOrigin,
  ) {
    this.#context = trace.setSpan(ROOT_CONTEXT, span);
    this.watched = new Followed(this.#context, parts.clock);
  }

  get traceId(): string | undefined {
    return this.span.isRecording() ? this.span.spanContext().traceId : undefined;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.origin.headers;
  }

  stage(stage: TracedStage, times: Times, attributes: Attributes = {}): void {
    const { tracer, clock } = this.parts;
    const startTime = clock + times.startMs;
    const kind = SpanKind.INTERNAL;
    tracer.startSpan(stage, { kind, startTime, attributes }, this.#context).end(clock + times.endMs);
  }

  decoded(request: DecodedRequest, times: Times): void {
    const { model, version, shape } = request;
    this.span.setAttributes(modelAttributes(model, version));
    this.stage('decode', times, {
      ...(shape && {
        'spikingrx.prb': shape.nSc / 12,
        'spikingrx.symbols': shape.nSym,
        'spikingrx.antennas': shape.nRx,
      }),
    });
  }

  answeredBy(message: object): void {
    this.parts.answers.set(message, this);
  }

  encoded(times: Times): void {
    this.stage('encode', times);
    if (this.origin.isGridOfStream) this.end('OK');
  }

  /**
   * In the stream's own trace where the client asked for that. A stream may live for days: without the client's
   * word each grid is a trace of its own, linked to the stream's, so that samplers decide on it alone.
   */
  grid(startMs: number): Trace | undefined {
    const { tracer, clock } = this.parts;
    const { wasAsked, headers } = this.origin;
    const startTime = clock + startMs;
    const span = wasAsked
      ? tracer.startSpan('grid', { startTime }, this.#context)
      : tracer.startSpan('grid', { startTime, links: [{ context: this.span.spanContext() }] }, ROOT_CONTEXT);
    if (!span.isRecording()) return undefined;
    return new OtelTrace(span, this.parts, { headers, wasAsked, isGridOfStream: true });
  }

  end(code: OutcomeCode): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.span.setAttribute('spikingrx.code', code);
    if (code !== 'OK') this.span.setAttribute('error.type', code);
    if (isServiceFault(code)) this.span.setStatus({ code: SpanStatusCode.ERROR, message: code });
    this.span.end(this.parts.clock + performance.now());
  }
}

function requestAttributes({ transport, method, id }: RequestStart): Attributes {
  const common = { 'spikingrx.transport': transport, 'spikingrx.request_id': id };
  if (transport === 'grpc') return { ...common, 'rpc.system': 'grpc', 'rpc.method': method };
  const [verb = '', route = ''] = method.split(' ');
  return { ...common, 'http.request.method': verb, 'http.route': route };
}

function modelAttributes(model: string | undefined, version: string | undefined): Attributes {
  return {
    ...(model !== undefined && { 'spikingrx.model': model }),
    ...(version !== undefined && { 'spikingrx.model.version': version }),
  };
}

function epochOf(nowMs: number): number {
  return Date.now() - nowMs;
}
