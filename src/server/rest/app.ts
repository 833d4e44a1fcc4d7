import { TypeBoxValidatorCompiler, type TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { fastify as Fastify, LogController, type FastifyBaseLogger } from 'fastify';
import { SpikingRxError } from '../../errors.js';
import { maxJsonBytes, maxRequestBytes } from '../config.js';
import type { ServiceCore } from '../core.js';
import { EventStream } from '../live/event-stream.js';
import { REQUEST_ID_HEADER, requestId } from '../telemetry/request-id.js';
import type { Entrance } from '../access/access.js';
import { guardRoutes } from './access.js';
import { adminRoutes } from './admin.js';
import { compressAnswers } from './compression.js';
import { answerClientError, answerErrors, frameworkError, type RoutesOfPorts } from './errors.js';
import type { App } from './app-type.js';
import { dashboardRoutes } from './dashboard.js';
import { describeRoutes } from './docs.js';
import { createHttpServer, type HttpServerParts } from './http-server.js';
import { metricsRoute, modelRoutes, probeRoutes } from './info.js';
import { checkJsonStructure, gridBudget } from './json-structure.js';
import { liveRoutes } from './live.js';
import { llrRoutes } from './llr.js';
import { openInferenceRoutes } from './oip.js';
import { recordRequests } from './record.js';
import { reportRoutes } from './reports.js';
import { spikesRoutes } from './spikes.js';
import { prepareUploads } from './upload.js';
import { allowOrigins, plainHeaders } from './secure-headers.js';

export interface RestParts extends Omit<HttpServerParts, 'config'>, RoutesOfPorts {
  readonly log: FastifyBaseLogger;
}

/** The REST interface, as much of it as an entrance shows; not yet listening. */
export async function createRestApp(core: ServiceCore, parts: RestParts): Promise<App> {
  const app: App = Fastify({
    loggerInstance: parts.log,
    serverFactory: (handler) => createHttpServer(handler, { ...parts, config: core.config }),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: ({ headers }) => requestId(headers[REQUEST_ID_HEADER]),
    bodyLimit: maxJsonBytes(core.config),
    routerOptions: { maxParamLength: 256 },
    // Refused by a hook instead, in the form of every error.
    return503OnClosing: false,
    frameworkErrors: frameworkError(core),
    clientErrorHandler: answerClientError,
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
  recordRequests(app, core);
  answerErrors(app, core, parts);
  refuseWhenStopping(app, core);
  endUnreadAnswers(app, core);
  prepareUploads(app);
  plainHeaders(app, { isEncrypted: parts.tls !== undefined });
  const { corsOrigins } = core.config;
  if (corsOrigins !== undefined && parts.entrance === 'public') await allowOrigins(app, corsOrigins);
  guardRoutes(app, core, parts.entrance);
  if (core.config.compressAnswers) await compressAnswers(app);
  await describeRoutes(app, core);
  await addRoutes(app, core, parts.entrance);
  return app;
}

async function addRoutes(app: App, core: ServiceCore, entrance: Entrance): Promise<void> {
  const { adminPort, dashboard } = core.config;
  const routes = { public: publicRoutes, admin: operatorRoutes }[entrance];
  await app.register(async (scope: App) => probeRoutes(scope, core));
  await app.register(async (scope: App) => routes(scope, core));
  if (dashboard) await app.register(async (scope: App) => dashboardRoutes(scope, core, entrance));
  if (entrance === 'public' && adminPort === undefined)
    await app.register(async (scope: App) => operatorRoutes(scope, core));
}

async function publicRoutes(app: App, core: ServiceCore): Promise<void> {
  llrRoutes(app, core);
  reportRoutes(app, core);
  spikesRoutes(app, core);
  modelRoutes(app, core);
  await app.register(async (scope: App) => openInferenceRoutes(scope, core));
}

async function operatorRoutes(app: App, core: ServiceCore): Promise<void> {
  metricsRoute(app, core);
  if (core.live) liveRoutes(app, core, core.live);
  await app.register(async (scope: App) => adminRoutes(scope, core));
}

/** Fastify's own parser, once the body's structure is known to be small enough for it and the validator. */
function parseJson(app: App, core: ServiceCore): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    checkJsonStructure(body, gridBudget(core.config.maxGridsPerRequest));
    void parse(request, body.toString('utf8'), done);
  });
}

/** Liveness, which holds to the end of the process. */
const LIVENESS = new Set(['/healthz', '/v2/health/live']);

/** A client that takes nothing of its answer for as long as a request may take loses its connection. */
function endUnreadAnswers(app: App, core: ServiceCore): void {
  app.addHook('onSend', async (_request, reply, payload) => {
    // Those see to it of themselves.
    if (payload instanceof EventStream) return;
    reply.raw.setTimeout(core.config.requestTimeoutMs);
  });
}

/** On connections that outlive the listening socket. */
function refuseWhenStopping(app: App, core: ServiceCore): void {
  app.addHook('onRequest', async (request) => {
    if (core.stopSignal.aborted && !LIVENESS.has(request.routeOptions.url ?? ''))
      throw new SpikingRxError('UNAVAILABLE', 'the service is shutting down');
  });
}
