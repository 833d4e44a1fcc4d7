import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { DashboardPort } from '../../wire/live.js';
import type { Entrance } from '../access/access.js';
import type { ServiceCore } from '../core.js';
import type { App } from './app-type.js';
import { pageHeaders } from './secure-headers.js';

/** The page as `npm run build` makes it: `index.html`, and what it loads in `assets`. */
const PAGE = fileURLToPath(new URL('../../web/', import.meta.url));
const ASSETS = fileURLToPath(new URL('../../web/assets/', import.meta.url));
const YEAR_MS = 365 * 24 * 3600 * 1000;

/**
 * The dashboard at `/`. It is the same for everybody and says nothing of this service but which data are on its port, so it
 * needs no credential: what it shows it asks for by calls that do.
 */
export async function dashboardRoutes(app: App, { config }: ServiceCore, entrance: Entrance): Promise<void> {
  await pageHeaders(app, { inlineStyles: false, isEncrypted: config.tlsCert !== undefined });
  await app.register(fastifyStatic, { root: PAGE, serve: false });
  const route = { config: { scope: 'none' }, schema: { hide: true } } as const;
  // Named as it is across versions: it is looked at again each time.
  app.get('/', route, async (_request, reply) => reply.sendFile('index.html', { maxAge: 0 }));
  const hasBoth = config.adminPort === undefined;
  const port: DashboardPort = {
    liveData: hasBoth || entrance === 'admin',
    grids: entrance === 'public',
  };
  app.get('/dashboard.json', route, async (_request, reply) =>
    reply.header('cache-control', 'no-store').send(port),
  );
  // Names have the hash of what is in them.
  app.get<{ Params: { file: string } }>('/assets/:file', route, async ({ params }, reply) =>
    reply.sendFile(params.file, ASSETS, { maxAge: YEAR_MS, immutable: true }),
  );
}
