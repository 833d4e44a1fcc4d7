import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { SpikingRxError, type ErrorCode } from '../../errors.js';
import { schemaError, type SchemaFinding } from '../../schema-error.js';
import type { Entrance } from '../access/access.js';
import type { ServiceCore } from '../core.js';
import { errorBody, HTTP_STATUS, retryAfterSeconds, toSpikingRxError } from '../errors.js';
import type { App } from './app-type.js';
import { KnownRoutes } from './known-routes.js';
import { requestStart } from './record.js';
import { bodyLimit } from './upload.js';

interface RefusalDetails {
  readonly field: string;
  readonly expected: string;
  readonly received: string;
  readonly code?: ErrorCode;
}

/** A refusal of HTTP's own, with a status that its error code does not tell. */
export class HttpRefusal extends SpikingRxError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly status: number,
    details: RefusalDetails,
    headers: Readonly<Record<string, string>> = {},
  ) {
    const { code = 'INVALID_ARGUMENT', field, expected, received } = details;
    const message = `${field}: expected ${expected}, received ${received}`;
    super(code, message, { field, expected, received });
    this.headers = headers;
  }
}

export interface RoutesOfPorts {
  readonly entrance: Entrance;
  readonly routes: Readonly<Record<Entrance, KnownRoutes>>;
}

/** Where to look for what is not here. */
const OTHER_PORT = {
  public: { entrance: 'admin', port: 'adminPort' },
  admin: { entrance: 'public', port: 'httpPort' },
} as const;

/** Every error, Fastify's own and those of no route included, in the one form. */
export function answerErrors(app: App, core: ServiceCore, { entrance, routes }: RoutesOfPorts): void {
  const own = routes[entrance];
  const other = OTHER_PORT[entrance];
  app.addHook('onRoute', ({ method, url }) => own.add(method, url));
  app.setErrorHandler((error: FastifyError | SpikingRxError, request, reply) => {
    const failure = restError(error, request, core);
    if (failure.code === 'INTERNAL') request.record.fault(error);
    request.failure = failure.code;
    return sendError(reply, failure);
  });
  app.setNotFoundHandler((request) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = own.methods(path);
    if (allowed.length > 0 && !allowed.includes(request.method)) {
      const allow = allowed.join(', ');
      const details = { field: 'method', expected: `${allow} for this path`, received: request.method };
      throw new HttpRefusal(405, details, { allow });
    }
    const where =
      routes[other.entrance].methods(path).length > 0 ? `on this port: it is on ${other.port}` : '';
    const route = `${request.method} ${path.slice(0, 256)}`;
    throw new SpikingRxError('NOT_FOUND', `no route ${route}${where === '' ? '; see /docs' : ` ${where}`}`);
  });
}

/** For Fastify's `frameworkErrors`: what fails before there is a route. */
export function frameworkError(core: ServiceCore) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    const failure = urlError(error) ?? toSpikingRxError(error);
    const record = core.requests.begin(requestStart(request));
    void sendError(reply.headers(record.answerHeaders), failure);
    record.end(failure.code);
  };
}

/** RFC 6750 §3; what is wrong with a credential is not told. */
const CHALLENGES: Partial<Record<ErrorCode, string>> = {
  UNAUTHENTICATED: 'Bearer realm="spikingrx"',
  PERMISSION_DENIED: 'Bearer realm="spikingrx", error="insufficient_scope"',
};

function sendError(reply: FastifyReply, failure: SpikingRxError): FastifyReply {
  const retryAfter = retryAfterSeconds(failure);
  if (retryAfter !== undefined) void reply.header('retry-after', retryAfter);
  if (failure instanceof HttpRefusal) void reply.headers(failure.headers);
  const challenge = CHALLENGES[failure.code];
  if (challenge !== undefined) void reply.header('www-authenticate', challenge);
  // After a body that ran out of room the connection is as good as before: its rest is read and ignored.
  // HTTP/2 has no such header.
  if (failure.code === 'QUEUE_FULL' || reply.request.raw.httpVersionMajor === 2)
    void reply.removeHeader('connection');
  const status = failure instanceof HttpRefusal ? failure.status : HTTP_STATUS[failure.code];
  // Clients of the Open Inference Protocol look for a text.
  const isText = OPEN_INFERENCE.test(reply.request.url);
  if (isText) void reply.header('x-spikingrx-code', failure.code);
  return (
    reply
      .code(status)
      .type('application/json')
      // Some fail before any hook.
      .header('x-content-type-options', 'nosniff')
      .send(JSON.stringify(isText ? { error: failure.message } : errorBody(failure)))
  );
}

const OPEN_INFERENCE = /^\/v2(?:[/?]|$)/;

/** Fastify's own errors in the project's form; whatever else was thrown becomes INTERNAL. */
function restError(
  error: FastifyError | SpikingRxError,
  request: FastifyRequest,
  core: ServiceCore,
): SpikingRxError {
  if (error instanceof SpikingRxError) return error;
  if (error.validation) {
    const inBody = error.validationContext === 'body';
    const findings = error.validation as unknown as readonly SchemaFinding[];
    return schemaError(findings, inBody ? request.body : request.query, inBody ? 'body' : 'query');
  }
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return bodyRefusal(413, `at most ${bodyLimit(request, core)} bytes`, 'more');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new HttpRefusal(415, {
        field: 'content-type',
        expected: 'application/json or application/octet-stream',
        received: 'another content type',
      });
    case 'FST_ERR_NOT_FOUND':
      // HTTP/2 takes methods that Fastify has never heard of.
      return new SpikingRxError('NOT_FOUND', 'no route of this method; see /docs');
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return bodyRefusal(400, 'JSON', 'an empty body');
    default:
      return urlError(error) ?? bodyError(error);
  }
}

function bodyError(error: FastifyError): SpikingRxError {
  if (error.statusCode === undefined || error.statusCode < 400 || error.statusCode >= 500)
    return toSpikingRxError(error);
  // Only the position of a parser's message: the rest quotes the body.
  const found = /position (\d+)/.exec(error.message)?.[1];
  return bodyRefusal(400, 'valid JSON', `broken JSON${found === undefined ? '' : ` at position ${found}`}`);
}

function urlError({ code }: FastifyError): SpikingRxError | undefined {
  if (code === 'FST_ERR_BAD_URL')
    return new HttpRefusal(400, { field: 'url', expected: 'a valid path', received: 'a malformed one' });
  if (code === 'FST_ERR_MAX_PARAM_LENGTH')
    return new HttpRefusal(414, {
      field: 'url',
      expected: 'a shorter path',
      received: 'a part that is too long',
    });
  return undefined;
}

/** Of a body that is too large, or is not what it says. */
export function bodyRefusal(status: 400 | 413, expected: string, received: string): SpikingRxError {
  const code = status === 413 ? 'PAYLOAD_TOO_LARGE' : 'INVALID_ARGUMENT';
  return new HttpRefusal(status, { field: 'body', expected, received, code });
}

/** What the parser of HTTP itself could not take; nobody else will answer it. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { status, details } = clientRefusal(error.code);
  const body = JSON.stringify(errorBody(new HttpRefusal(status, details)));
  // Node's own handler looks here too: an answer that has begun cannot be followed by another.
  const { _httpMessage: current } = socket as { _httpMessage?: { readonly headersSent: boolean } | null };
  if (socket.writable && !current?.headersSent)
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  socket.destroySoon();
}

function clientRefusal(code: string | undefined): { status: number; details: RefusalDetails } {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const expected = 'a whole request within the time limit';
    const received = 'a part of one';
    return { status: 408, details: { field: 'request', expected, received, code: 'DEADLINE_EXCEEDED' } };
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    const expected = 'fewer or shorter ones';
    return { status: 431, details: { field: 'headers', expected, received: 'more bytes than are read' } };
  }
  return { status: 400, details: { field: 'request', expected: 'HTTP/1.1', received: 'something else' } };
}
