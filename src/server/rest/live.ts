import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Admission } from '../../engine/admission.js';
import { SpikingRxError } from '../../errors.js';
import { LatestRequestSchema } from '../../wire/latest.js';
import { LiveSnapshotSchema } from '../../wire/live.js';
import type { ServiceCore } from '../core.js';
import { EventStream } from '../live/event-stream.js';
import type { LiveFeed } from '../live/feed.js';
import { ErrorSchema } from '../schemas.js';
import type { App } from './app-type.js';
import { NoQuerySchema } from './info.js';

/** Most streams at a time, shared out between clients; each holds a connection. */
const MAX_STREAMS = 32;

/** `GET /v1/live`: the service as it goes. */
export function liveRoutes(app: App, core: ServiceCore, feed: LiveFeed): void {
  latestRoute(app, core);
  const room = new Admission({
    name: 'room for those who look on',
    unit: 'streams',
    maxQueuedGrids: MAX_STREAMS,
    maxQueuedBytes: Number.MAX_SAFE_INTEGER,
  });
  app.get(
    '/v1/live',
    { config: { scope: 'metrics', isStream: true }, schema: liveSchema },
    async (request, reply) => {
      void reply.header('cache-control', 'no-store').header('vary', 'accept');
      if (wantsJson(request)) return reply.serializer(String).type('application/json').send(feed.snapshot());
      // For proxies that would collect the answer first.
      void reply.type('text/event-stream').header('x-accel-buffering', 'no');
      if (request.method === 'HEAD') return reply.send('');
      const { principal, client } = request;
      const permit = room.admit({ grids: 1, bytes: 0, client });
      const events = new EventStream(principal.expiresMs);
      events.once('close', () => permit.release());
      return stream(reply, feed, events);
    },
  );
}

/** `GET /v1/live/request`: what a client sent, and what it got. */
function latestRoute(app: App, { access, config, latest }: ServiceCore): void {
  // Where nobody has to say who he is there are no operators, and who set it lets everybody look who reaches the port.
  const hasOperators = access.enabled || config.adminPort !== undefined;
  const scope = hasOperators ? 'admin' : 'metrics';
  app.get('/v1/live/request', { config: { scope }, schema: latestSchema }, async (_request, reply) => {
    void reply.header('cache-control', 'no-store');
    if (!latest)
      throw new SpikingRxError('PERMISSION_DENIED', 'the latest grid is not kept: set dashboardRequest');
    const described = latest.describe();
    if (!described) throw new SpikingRxError('NOT_FOUND', 'no grid has been answered yet');
    return described;
  });
}

/** What a stream begins with is sent once the answer's head is out, and nothing after the client has gone. */
function stream(reply: FastifyReply, feed: LiveFeed, events: EventStream): FastifyReply {
  events.once('close', feed.subscribe(events));
  return reply.send(events);
}

/** An event stream is what is sent unless JSON alone is asked for. */
function wantsJson({ headers }: FastifyRequest): boolean {
  const accepted = headers.accept ?? '';
  return accepted.includes('application/json') && !accepted.includes('text/event-stream');
}

const liveSchema = {
  summary: 'The service as it goes, once a second',
  description:
    'A stream of server-sent events: `service` (what changes seldom; first, and when it has changed), `history` (once, the ' +
    'samples of the latest ten minutes) and `sample` (each second). With `Accept: application/json` service and history, ' +
    'once. The schemas of the events are those of this answer.',
  querystring: NoQuerySchema,
  response: {
    200: {
      description: 'Events, or what there is of them now',
      content: {
        'text/event-stream': { schema: Type.String() },
        'application/json': { schema: LiveSnapshotSchema },
      },
    },
    429: ErrorSchema,
  },
};

const latestSchema = {
  summary: 'The latest grid and its LLRs, with dashboardRequest',
  description:
    'The grid that was answered last, whoever sent it, and its LLRs. 403 unless dashboardRequest is set.',
  querystring: NoQuerySchema,
  response: { 200: LatestRequestSchema, 403: ErrorSchema, 404: ErrorSchema },
};
