import { Type } from 'typebox';
import { SpikingRxError } from '../../errors.js';
import type { ServiceCore } from '../core.js';
import { describeModel } from '../model-json.js';
import { ErrorSchema, ModelSchema } from '../schemas.js';
import type { App } from './app-type.js';

const METRICS_ANSWER = { description: 'Metrics', content: { 'text/plain': { schema: Type.String() } } };
const StatusSchema = Type.Object({ status: Type.String() });

/** Probes and scrapers may add what they like; elsewhere what has no effect is refused. */
export const NoQuerySchema = Type.Object({}, { additionalProperties: false });

export function modelRoutes(app: App, core: ServiceCore): void {
  app.get(
    '/v1/models',
    {
      schema: {
        summary: 'Models served',
        querystring: NoQuerySchema,
        response: { 200: Type.Object({ models: Type.Array(ModelSchema) }) },
      },
    },
    async () => ({ models: core.engine.models().map((model) => describeModel(model, core.engine)) }),
  );
  app.get(
    '/v1/models/:name',
    {
      schema: {
        summary: 'One model',
        params: Type.Object({ name: Type.String() }),
        querystring: Type.Object(
          {
            version: Type.Optional(
              Type.String({ description: 'Default: the highest, unless another is set' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: ModelSchema, 404: ErrorSchema },
      },
    },
    async ({ params, query }) => describeModel(core.model(params.name, query.version), core.engine),
  );
}

/** For orchestrators. */
export function probeRoutes(app: App, core: ServiceCore): void {
  app.get(
    '/healthz',
    {
      config: { scope: 'none' },
      schema: { summary: 'The process is alive', response: { 200: StatusSchema } },
    },
    async () => ({ status: 'ok' }),
  );
  app.get(
    '/readyz',
    {
      config: { scope: 'none' },
      schema: { summary: 'Ready for grids', response: { 200: StatusSchema, 503: ErrorSchema } },
    },
    async () => {
      core.requireReady();
      return { status: 'ready' };
    },
  );
  app.get(
    '/startupz',
    {
      config: { scope: 'none' },
      schema: { summary: 'The start is over', response: { 200: StatusSchema, 503: ErrorSchema } },
    },
    async () => {
      if (core.engine.starting) throw new SpikingRxError('UNAVAILABLE', String(core.unready));
      return { status: 'started' };
    },
  );
}

/** For Prometheus. */
export function metricsRoute(app: App, core: ServiceCore): void {
  app.get(
    '/metrics',
    {
      config: { scope: 'metrics' },
      schema: { summary: 'Metrics in the Prometheus text format', response: { 200: METRICS_ANSWER } },
    },
    async (_request, reply) => {
      void reply.type(core.metrics.registry.contentType).serializer((text: unknown) => String(text));
      return core.metrics.registry.metrics();
    },
  );
}
