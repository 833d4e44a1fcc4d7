import type { ServiceCore } from '../core.js';
import type { App } from './app-type.js';
import { logLevelRoutes } from './log-level.js';
import { repositoryChangeRoutes } from './oip-repository.js';

type Routes = (app: App, core: ServiceCore) => void;

/** Calls that change the service: every route of these needs scope `admin`. Add yours here. */
const ADMIN_ROUTES: readonly Routes[] = [logLevelRoutes, repositoryChangeRoutes];

export function adminRoutes(app: App, core: ServiceCore): void {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, scope: 'admin' };
  });
  for (const routes of ADMIN_ROUTES) routes(app, core);
}
