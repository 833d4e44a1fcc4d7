import {
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Link,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import type {
  BatchCompletedEvent,
  BatchDispatchedEvent,
  EngineObserver,
  GridFinishedEvent,
} from '../../engine/observer.js';
import type { RequestTerms } from '../../engine/types.js';

/** Where the engine's spans of a request belong: `watched` of what it computes. */
export class Followed {
  /** @param clock milliseconds from 1970 to the zero of `performance.now()`. */
  constructor(
    readonly context: Context,
    readonly clock: number,
  ) {}

  static of({ watched }: Pick<RequestTerms, 'watched'>): Followed | undefined {
    return watched instanceof Followed ? watched : undefined;
  }
}

/** Spans of what the engine does with the grids that are followed: queue, compute, and the batch they share. */
export class EngineSpans {
  /** By the list of their grids, which both events of a batch share. */
  readonly #batches = new WeakMap<object, { readonly span: Span; readonly clock: number }>();
  readonly #batchOf = new WeakMap<object, Span>();

  constructor(private readonly tracer: Tracer) {}

  readonly observer: EngineObserver = {
    batchDispatched: (event) => this.#dispatched(event),
    batchCompleted: (event) => this.#completed(event),
    gridFinished: (event) => this.#finished(event),
  };

  /** A child of the first grid that is followed, with links to all of them. */
  #dispatched(event: BatchDispatchedEvent): void {
    const followed = event.requests.flatMap((request) => Followed.of(request) ?? []);
    const [first] = followed;
    if (!first) return;
    const links = followed.flatMap(({ context }): Link[] => {
      const of = trace.getSpanContext(context);
      return of ? [{ context: of }] : [];
    });
    const attributes = {
      'spikingrx.model': event.model,
      'spikingrx.model.version': event.version,
      'spikingrx.batch.size': event.grids,
      'spikingrx.batch.resource_elements': event.resourceElements,
      'spikingrx.worker': event.worker,
    };
    const startTime = first.clock + performance.now();
    const span = this.tracer.startSpan(
      'batch',
      { kind: SpanKind.INTERNAL, startTime, attributes, links },
      first.context,
    );
    this.#batches.set(event.requests, { span, clock: first.clock });
    for (const request of event.requests) this.#batchOf.set(request, span);
  }

  #completed(event: BatchCompletedEvent): void {
    const batch = this.#batches.get(event.requests);
    if (!batch) return;
    const { span, clock } = batch;
    span.setAttribute('spikingrx.outcome', event.outcome);
    if (event.outcome !== 'ok') span.setStatus({ code: SpanStatusCode.ERROR, message: event.outcome });
    span.end(clock + performance.now());
  }

  #finished(event: GridFinishedEvent): void {
    const followed = Followed.of(event.request);
    if (!followed) return;
    const { context, clock } = followed;
    const startTime = clock + event.enqueuedMs;
    const queue = this.tracer.startSpan('queue', { startTime, attributes: outcomeOf(event) }, context);
    queue.end(startTime + event.queueMs);
    if (event.outcome !== 'OK') return;
    const end = clock + performance.now();
    const batch = this.#batchOf.get(event.request);
    const compute = this.tracer.startSpan(
      'compute',
      {
        startTime: end - event.computeMs,
        attributes: {
          'spikingrx.model': event.model,
          'spikingrx.model.version': event.version,
          'spikingrx.batch.size': event.batchSize,
        },
        links: batch ? [{ context: batch.spanContext() }] : [],
      },
      context,
    );
    compute.end(end);
  }
}

function outcomeOf({ outcome }: GridFinishedEvent): Record<string, string> {
  return outcome === 'OK' ? {} : { 'error.type': outcome };
}
