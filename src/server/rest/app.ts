import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { TypeBoxValidatorCompiler, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import {
  fastify as Fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
} from 'fastify';
import { SpikingRxError, type ErrorCode } from '../../errors.js';
import { maxJsonBytes, maxRequestBytes } from '../config.js';
import type { ServiceCore } from '../core.js';
import { errorBody, HTTP_STATUS, retryAfterSeconds, toSpikingRxError } from '../errors.js';
import { schemaError, type SchemaFinding } from '../../schema-error.js';
import { infoRoutes } from './info.js';
import { checkJsonStructure } from './json-structure.js';
import { llrRoutes } from './llr.js';

export type App = FastifyInstance<
  import('fastify').RawServerDefault,
  import('node:http').IncomingMessage,
  import('node:http').ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

declare module 'fastify' {
  interface FastifyRequest {
    /** How the request failed, for the request counter; undefined while it has not. */
    failure: ErrorCode | undefined;
  }
}

/** The REST interface; not yet listening. */
export async function createRestApp(core: ServiceCore, log: FastifyBaseLogger): Promise<App> {
  const app: App = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    requestIdHeader: 'x-request-id',
    bodyLimit: maxJsonBytes(core.config),
    // How long a client may take to send a request.
    requestTimeout: core.config.requestTimeoutMs,
    routerOptions: { maxParamLength: 256 },
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(TypeBoxValidatorCompiler);
  // The routes' own types already say what they answer; base64 of a megabyte needs no second pass.
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  app.removeContentTypeParser('text/plain');
  parseJson(app, core);
  app.addContentTypeParser(
    'application/octet-stream',
    { parseAs: 'buffer', bodyLimit: maxRequestBytes(core.config) },
    (_request, body, done) => done(null, body),
  );
  countRequests(app, core);
  answerErrors(app, core);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'SpikingRx',
        version: '1',
        description: 'Received 5G NR resource grids and their DMRS in, bit LLRs out.',
      },
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs' });
  await app.register(async (scope: App) => llrRoutes(scope, core));
  await app.register(async (scope: App) => infoRoutes(scope, core));
  return app;
}

/** Fastify's own parser, once the body's structure is known to be small enough for it and the validator. */
function parseJson(app: App, core: ServiceCore): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    checkJsonStructure(body, core.config.maxGridsPerRequest);
    void parse(request, body.toString('utf8'), done);
  });
}

/** Counts each request once, when its connection is done with it, whether answered or abandoned. */
function countRequests(app: App, core: ServiceCore): void {
  app.decorateRequest('failure', undefined);
  app.addHook('onRequest', async (request, reply) => {
    const start = performance.now();
    void reply.header('x-request-id', request.id);
    reply.raw.once('close', () => {
      const method = `${request.method} ${request.routeOptions.url ?? 'unmatched'}`;
      const code = reply.raw.writableFinished ? (request.failure ?? 'OK') : 'CANCELLED';
      const milliseconds = performance.now() - start;
      core.metrics.requestEnded({ transport: 'rest', method, code, seconds: milliseconds / 1000 });
      request.log.debug({ method, code, milliseconds }, 'request ended');
    });
  });
}

function answerErrors(app: App, core: ServiceCore): void {
  app.setErrorHandler((error: FastifyError | SpikingRxError, request, reply) => {
    const { failure, status } = restError(error, request, core);
    if (failure.code === 'INTERNAL') request.log.error({ err: error }, 'request failed');
    request.failure = failure.code;
    const retryAfter = retryAfterSeconds(failure);
    if (retryAfter !== undefined) void reply.header('retry-after', retryAfter);
    return reply.code(status).type('application/json').send(errorBody(failure));
  });
  app.setNotFoundHandler((request) => {
    throw new SpikingRxError(
      'NOT_FOUND',
      `no route ${request.method} ${request.url.split('?', 1)[0]}; see /docs`,
    );
  });
}

interface RestError {
  readonly failure: SpikingRxError;
  readonly status: number;
}

/** Fastify's own errors in the project's form; whatever else was thrown becomes INTERNAL. */
function restError(
  error: FastifyError | SpikingRxError,
  request: {
    readonly body: unknown;
    readonly query: unknown;
    readonly headers: { 'content-type'?: string | undefined };
  },
  core: ServiceCore,
): RestError {
  if (error instanceof SpikingRxError) return { failure: error, status: HTTP_STATUS[error.code] };
  if (error.validation) {
    const inBody = error.validationContext === 'body';
    const findings = error.validation as unknown as readonly SchemaFinding[];
    const failure = schemaError(findings, inBody ? request.body : request.query, inBody ? 'body' : 'query');
    return { failure, status: HTTP_STATUS.INVALID_ARGUMENT };
  }
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE': {
      const binary = request.headers['content-type']?.startsWith('application/octet-stream') ?? false;
      const limit = (binary ? maxRequestBytes : maxJsonBytes)(core.config);
      return refused('PAYLOAD_TOO_LARGE', `at most ${limit} bytes`, 'more');
    }
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return {
        ...refused('INVALID_ARGUMENT', BODY_TYPES, 'another content type', 'content-type'),
        status: 415,
      };
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return refused('INVALID_ARGUMENT', 'JSON', 'an empty body');
    default:
      if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500)
        return refused('INVALID_ARGUMENT', 'valid JSON', `broken JSON${position(error.message)}`);
      return { failure: toSpikingRxError(error), status: HTTP_STATUS.INTERNAL };
  }
}

const BODY_TYPES = 'application/json or application/octet-stream';

function refused(code: ErrorCode, expected: string, received: string, field = 'body'): RestError {
  const message = `${field}: expected ${expected}, received ${received}`;
  return {
    failure: new SpikingRxError(code, message, { field, expected, received }),
    status: HTTP_STATUS[code],
  };
}

/** Only the position of a parser's message: the rest quotes the body. */
function position(message: string): string {
  const found = /position (\d+)/.exec(message)?.[1];
  return found === undefined ? '' : ` at position ${found}`;
}
