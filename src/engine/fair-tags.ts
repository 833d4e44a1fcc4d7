/** Clients without anything waiting whose account is kept; one that is dropped begins anew. */
const MAX_IDLE_CLIENTS = 1024;

interface Account {
  waiting: number;
  /** Where the tag of its next grid is, unless others are further. */
  end: number;
  /** End of what it has been given. */
  given: number;
}

/**
 * Start-time fair queueing: whoever shares a lane advances by what he takes, and the one behind comes next.
 *
 * The tag of a grid is the work, in resource elements, that its client has asked for before it; a client that comes
 * anew begins at the work that has been served. In the order of tags, then, clients that wait get the same work,
 * whatever each has waiting, and idle time earns no credit. As long as others wait, a client that has nothing waiting
 * is remembered by what it was given: one that sends a grid whenever the last one has left must not begin anew each
 * time, before all who wait.
 */
export class FairTags {
  /** Largest tag served. */
  private served = 0;
  private waiting = 0;
  private readonly accounts = new Map<string, Account>();
  /** Those without anything waiting, in the order in which they left: `given` of each. */
  private readonly idle = new Map<string, number>();

  constructor(private readonly maxIdleClients = MAX_IDLE_CLIENTS) {}

  /** A grid begins to wait. @returns its tag. */
  arrive(client: string, resourceElements: number): number {
    const account = this.accounts.get(client) ?? this.open(client);
    const tag = Math.max(this.served, account.end);
    account.end = tag + resourceElements;
    account.waiting += 1;
    this.waiting += 1;
    return tag;
  }

  /** A grid that waits is served; to be followed by {@link leave}. */
  serve(client: string, tag: number, resourceElements: number): void {
    this.served = Math.max(this.served, tag);
    const account = this.accounts.get(client);
    if (account !== undefined) account.given = Math.max(account.given, tag + resourceElements);
  }

  /** A grid waits no longer. */
  leave(client: string): void {
    const account = this.accounts.get(client);
    if (account === undefined) return;
    account.waiting -= 1;
    this.waiting -= 1;
    if (account.waiting > 0) return;
    this.accounts.delete(client);
    if (this.waiting === 0) {
      if (this.idle.size > 0) this.idle.clear();
    } else {
      this.idle.set(client, account.given);
      this.forget();
    }
  }

  private open(client: string): Account {
    const given = this.idle.get(client) ?? 0;
    this.idle.delete(client);
    const account = { waiting: 0, end: given, given };
    this.accounts.set(client, account);
    return account;
  }

  /** Drops the accounts that make no difference any more, and the oldest of too many. */
  private forget(): void {
    for (const [client, given] of this.idle) {
      if (given > this.served && this.idle.size <= this.maxIdleClients) return;
      this.idle.delete(client);
    }
  }
}
