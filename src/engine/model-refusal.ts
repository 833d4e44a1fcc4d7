/** Why a model version is not served, as a class: metrics count by it. */
export type RefusalKind =
  | 'unreadable'
  | 'too_large'
  | 'hash_mismatch'
  | 'contract'
  | 'runtime'
  | 'not_finite'
  | 'rows_differ'
  | 'golden_mismatch'
  | 'worker_lost';

/** Plain data: it crosses threads. */
export interface Refusal {
  readonly kind: RefusalKind;
  /** For people; names files relative to the version's folder, so that clients may see it. */
  readonly reason: string;
}

/** Ends the loading of one model version; what is served already stays as it is. */
export class ModelRefusedError extends Error implements Refusal {
  override readonly name = 'ModelRefusedError';

  constructor(
    readonly kind: RefusalKind,
    reason: string,
    cause?: unknown,
  ) {
    super(reason, cause === undefined ? undefined : { cause });
  }

  get reason(): string {
    return this.message;
  }
}

/** @param kind of an error that does not say so itself */
export function refusalOf(error: unknown, kind: RefusalKind): Refusal {
  if (error instanceof ModelRefusedError) return { kind: error.kind, reason: error.reason };
  return { kind, reason: error instanceof Error ? error.message : String(error) };
}
