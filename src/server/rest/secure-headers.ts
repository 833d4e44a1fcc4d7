import { default as cors } from '@fastify/cors';
import { default as helmet } from '@fastify/helmet';
import type { App } from './app-type.js';

/** What a browser must not make of any answer. */
export function plainHeaders(app: App, { isEncrypted }: { readonly isEncrypted: boolean }): void {
  app.addHook('onRequest', async (_request, reply) => {
    void reply.header('x-content-type-options', 'nosniff');
    // Browsers heed it over TLS only.
    if (isEncrypted) void reply.header('strict-transport-security', 'max-age=31536000');
  });
}

export interface PageNeeds {
  /** Whether the page has styles in its HTML. */
  readonly inlineStyles: boolean;
  readonly isEncrypted: boolean;
}

/** For pages, which only load what is ours, and are in nobody's frame. Holds for the routes of `scope`. */
export async function pageHeaders(scope: App, { inlineStyles, isEncrypted }: PageNeeds): Promise<void> {
  const own = ["'self'"];
  await scope.register(helmet, {
    hsts: false,
    // Without TLS browsers ignore both, and complain of it on the console.
    crossOriginOpenerPolicy: isEncrypted,
    originAgentCluster: isEncrypted,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: own,
        styleSrc: inlineStyles ? [...own, "'unsafe-inline'"] : own,
        imgSrc: [...own, 'data:'],
        connectSrc: own,
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
  });
}

/** Headers that pages of others may send, and read of answers. */
const CORS_REQUEST = [
  'authorization',
  'content-encoding',
  'content-type',
  'inference-header-content-length',
  'traceparent',
  'tracestate',
  'x-api-key',
  'x-request-id',
];

/** Lets pages of some origins call. Their preflights carry no credentials, so this comes before any guard. */
export async function allowOrigins(app: App, origins: string): Promise<void> {
  await app.register(cors, {
    origin: origins === '*' ? '*' : origins.split(','),
    methods: ['GET', 'POST'],
    allowedHeaders: CORS_REQUEST,
    exposedHeaders: '*',
    maxAge: 600,
    // It would be refused in another form than every error has.
    strictPreflight: false,
  });
}
