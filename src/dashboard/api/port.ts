/** What the port that served the page answers: what is on the other one is not asked for, as browsers complain of each 404. */
import type { DashboardPort } from '../../wire/live.js';
import { ApiError, getJson } from './client.js';

/** Where to go on instead. */
const ELSEWHERE: Readonly<Record<keyof DashboardPort, string>> = {
  liveData:
    'This service has a port for operators (adminPort): on its page is what the service does. The playground is here.',
  grids: 'This port is for operators: the playground is on the page of the port that answers grids.',
};

let known: DashboardPort | undefined;

/** @throws {ApiError} 404 for what is on the other port; as `getJson` does */
export async function requireHere(what: keyof DashboardPort, init: RequestInit = {}): Promise<void> {
  known ??= await getJson<DashboardPort>('dashboard.json', init);
  if (!known[what]) throw new ApiError(404, 'NOT_FOUND', ELSEWHERE[what]);
}
