import type { ServerHttp2Stream } from 'node:http2';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode } from '../../errors.js';
import type { ServiceCore } from '../core.js';
import type { RequestRecord, RequestStart } from '../telemetry/requests.js';
import type { App } from './app-type.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** How the request failed, for the request counter; undefined while it has not. */
    failure: ErrorCode | undefined;
    record: RequestRecord;
  }
}

/** Those whom nobody would look for in a log. */
const ROUTINE = new Set([
  '/healthz',
  '/readyz',
  '/startupz',
  '/v2/health/live',
  '/v2/health/ready',
  '/metrics',
  '/v1/live',
]);

/** Each request ends once, when its connection is done with it, whether answered or abandoned. */
export function recordRequests(app: App, core: ServiceCore): void {
  app.decorateRequest('failure', undefined);
  app.decorateRequest('record');
  app.addHook('onRequest', async (request, reply) => {
    const record = core.requests.begin(requestStart(request));
    request.record = record;
    void reply.headers(record.answerHeaders);
    // A shutdown waits for nobody who looks on.
    const done = record.start.isStream ? undefined : core.work.begun();
    reply.raw.once('close', () => {
      done?.();
      // A stream ends when its client has seen enough.
      const wasServed = record.start.isStream === true || wasAnswered(reply);
      record.end(wasServed ? (request.failure ?? 'OK') : 'CANCELLED');
    });
  });
}

/** Once its connection is done with it: whether the whole answer has left. */
export function wasAnswered({ raw }: FastifyReply): boolean {
  // HTTP/2 has its answers on streams.
  const { stream } = raw as { readonly stream?: ServerHttp2Stream };
  return (stream ?? raw).writableFinished;
}

export function requestStart(request: FastifyRequest): RequestStart {
  const { id, method, routeOptions } = request;
  const { url } = routeOptions;
  const isRoutine = url !== undefined && ROUTINE.has(url);
  const headers = (name: string): string | undefined => request.headers[name]?.toString();
  const { isStream = false } = routeOptions.config;
  return { transport: 'rest', method: `${method} ${url ?? 'unmatched'}`, id, headers, isRoutine, isStream };
}
