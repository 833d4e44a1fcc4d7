/**
 * Start-time fair queueing: whoever shares a lane advances by what he takes, and the one behind comes next.
 *
 * The tag of a grid is the work, in resource elements, that its client has asked for before it; a client that comes
 * anew, or comes back, begins at the work that has been served. In the order of tags, then, clients that wait get the
 * same work, whatever each has waiting, and idle time earns no credit.
 */
export class FairTags {
  /** Largest tag served. */
  private served = 0;
  private readonly clients = new Map<string, { end: number; waiting: number }>();

  /** A grid begins to wait. @returns its tag. */
  arrive(client: string, resourceElements: number): number {
    const state = this.clients.get(client) ?? { end: 0, waiting: 0 };
    this.clients.set(client, state);
    const tag = Math.max(this.served, state.end);
    state.end = tag + resourceElements;
    state.waiting += 1;
    return tag;
  }

  /** A grid waits no longer. */
  leave(client: string): void {
    const state = this.clients.get(client);
    if (state === undefined) return;
    state.waiting -= 1;
    if (state.waiting === 0) this.clients.delete(client);
  }

  serve(tag: number): void {
    this.served = Math.max(this.served, tag);
  }
}
