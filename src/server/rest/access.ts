import type { FastifyRequest } from 'fastify';
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
  }
  interface FastifyRequest {
    /** Who calls: set before the handler and before the body is read. */
    principal: Principal;
  }
}

/** Lets a request in to its route, or not, before its body is read. What has no route is told so to everybody. */
export function guardRoutes(app: App, core: ServiceCore, entrance: Entrance): void {
  app.decorateRequest('principal');
  app.addHook('onRequest', async (request) => {
    const scope = request.is404 ? 'none' : (request.routeOptions.config.scope ?? 'infer');
    request.principal = await core.access.admit(callerOf(request), scope, entrance);
    const { principal, ip, routeOptions } = request;
    if (scope === 'admin')
      request.log.info(
        { principal: principal.id, method: `${request.method} ${routeOptions.url}` },
        'admin call',
      );
    if (scope !== 'none')
      core.rates.requests.take(
        clientOf(principal, () => clientOfAddress(ip)),
        1,
      );
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
