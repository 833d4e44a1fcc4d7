/** Which view is shown: the page's hash, so that links, history and a reload keep it. */
import { signal } from '@preact/signals';

export const ROUTES = [
  { id: 'live', label: 'Live' },
  { id: 'playground', label: 'Playground' },
  { id: 'service', label: 'Service' },
  { id: 'request', label: 'Latest request' },
] as const;

export type RouteId = (typeof ROUTES)[number]['id'];

/** The route that a hash (`#/live`) names; live for any other. */
export function routeOf(hash: string): RouteId {
  const name = hash.replace(/^#\/?/, '');
  return ROUTES.find(({ id }) => id === name)?.id ?? 'live';
}

export const route = signal<RouteId>('live');

/** Keeps {@link route} at what the address says. @returns ends it */
export function followAddress(): () => void {
  readAddress();
  addEventListener('hashchange', readAddress);
  return () => removeEventListener('hashchange', readAddress);
}

function readAddress(): void {
  route.value = routeOf(location.hash);
}
