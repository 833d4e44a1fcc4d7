import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { Type } from 'typebox';
import type { ServiceCore } from '../core.js';
import type { App } from './app-type.js';
import { NoQuerySchema } from './info.js';
import { pageHeaders } from './secure-headers.js';

/** How a caller says who it is: either will do. */
const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'An API key or a token' },
  apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'An API key or a token' },
} as const;

/** `/openapi.json` and the page made of it. Call it before the routes that it describes. */
export async function describeRoutes(app: App, core: ServiceCore): Promise<void> {
  const security = core.access.enabled && {
    security: Object.keys(SECURITY_SCHEMES).map((name) => ({ [name]: [] })),
    components: { securitySchemes: SECURITY_SCHEMES },
  };
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'SpikingRx',
        version: '1',
        description: 'Received 5G NR resource grids and their DMRS in, bit LLRs out.',
      },
      ...security,
    },
  });
  await app.register(async (scope: App) => {
    if (core.config.openDocs)
      scope.addHook('onRoute', (route) => {
        route.config = { ...route.config, scope: 'none' };
      });
    await pageHeaders(scope, { inlineStyles: true, isEncrypted: core.config.tlsCert !== undefined });
    await scope.register(swaggerUi, { routePrefix: '/docs' });
    scope.get('/openapi.json', { schema: descriptionSchema }, async () => app.swagger());
  });
}

const descriptionSchema = {
  summary: 'This description',
  querystring: NoQuerySchema,
  response: { 200: Type.Object({}) },
};
