import type { FastifyRequest } from 'fastify';
import { SpikingRxError } from '../../errors.js';
import type { Entrance } from '../access/access.js';
import type { Principal, RequiredScope } from '../access/principal.js';
import { clientOf, clientOfAddress } from '../client-key.js';
import type { ServiceCore } from '../core.js';
import { peerName } from '../tls/peer-name.js';
import type { App } from './app-type.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a route asks of its callers; `infer` when left out. */
    scope?: RequiredScope;
    /** Its answer goes on until either side has had enough. */
    isStream?: boolean;
  }
  interface FastifyRequest {
    /** Who calls: set before the handler and before the body is read. */
    principal: Principal;
    /** Whose request it is, for fairness: set with `principal`. */
    client: string;
  }
}

/** Lets a request in to its route, or not, before its body is read. What has no route is told so to everybody. */
export function guardRoutes(app: App, core: ServiceCore, entrance: Entrance): void {
  app.decorateRequest('principal');
  app.decorateRequest('client', '');
  app.addHook('onRequest', async (request) => {
    const scope = request.is404 ? 'none' : (request.routeOptions.config.scope ?? 'infer');
    const { ip, routeOptions } = request;
    const principal = await core.access.admit(callerOf(request), scope, entrance);
    request.principal = principal;
    request.client = clientOf(principal, () => clientOfAddress(ip));
    if (scope === 'admin') {
      refusePages(request.headers);
      const method = `${request.method} ${routeOptions.url}`;
      request.log.info({ principal: principal.id, method }, 'admin call');
    }
    if (scope !== 'none') core.rates.requests.take(request.client, 1);
  });
}

/**
 * Any page can have a browser send a POST without a credential, or with a certificate that the browser brings along, to
 * what its user reaches: adminPort for one. The browser says so by `Origin`; a key or token a page must have itself.
 * @throws PERMISSION_DENIED
 */
function refusePages({ origin, authorization, 'x-api-key': apiKey }: FastifyRequest['headers']): void {
  if (origin === undefined || authorization !== undefined || apiKey !== undefined) return;
  throw new SpikingRxError('PERMISSION_DENIED', 'an admin call from a page needs an API key or a token', {
    field: 'origin',
    expected: 'none, or an API key or a token beside it',
    received: 'one',
  });
}

function callerOf({ headers, ip, raw }: FastifyRequest) {
  const apiKey = headers['x-api-key'];
  return {
    address: ip,
    certificateName: peerName(raw.socket),
    authorization: headers.authorization,
    apiKey: Array.isArray(apiKey) ? apiKey.join() : apiKey,
  };
}
