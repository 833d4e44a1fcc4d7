import { SpikingRxError } from '../../errors.js';

/** What a caller may do: send grids and look at models, read the metrics, make admin calls. */
export const SCOPES = ['infer', 'metrics', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** What a route or method asks of its caller; `none` is for probes, which answer everybody. */
export type RequiredScope = Scope | 'none';

/** Who calls. */
export interface Principal {
  /** From {@link principalId}: for logs and for fairness. */
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
  /** When the credential runs out, in milliseconds of Unix time; never when left out. */
  readonly expiresMs?: number | undefined;
}

/** Longest name of a principal, in characters. */
export const MAX_PRINCIPAL_ID = 128;

/** Whoever calls a service without authentication. */
export const ANYBODY: Principal = { id: 'anybody', scopes: new Set<Scope>(['infer', 'metrics']) };
/** The same on the admin port, which only operators reach. */
export const OPERATOR: Principal = { id: 'operator', scopes: new Set(SCOPES) };

/** Says how the caller proved its name, so that two kinds of credential never mean one principal. */
export function principalId(kind: 'key' | 'sub' | 'cn', name: string): string {
  return `${kind}:${name.replace(/[^\x21-\x7e]/g, '?').slice(0, MAX_PRINCIPAL_ID)}`;
}

export function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text);
}

/** @throws PERMISSION_DENIED, with what to do about it. */
export function requireScope(principal: Principal, scope: RequiredScope): void {
  if (scope === 'none' || principal.scopes.has(scope)) return;
  const hint =
    principal === ANYBODY
      ? ': without authentication there are none on this port; set adminPort, or apiKeysFile or jwtKeys'
      : '';
  throw new SpikingRxError('PERMISSION_DENIED', `this call needs scope ${scope}${hint}`, {
    field: 'scope',
    expected: scope,
    received: [...principal.scopes].join(' ') || 'none',
  });
}
