/** Which methods a path has, to tell a wrong method from a wrong path. */
export class KnownRoutes {
  readonly #methods = new Map<string, Set<string>>();

  /** @param url as Fastify has it: `/v1/models/:name`. */
  add(method: string | readonly string[], url: string): void {
    const known = this.#methods.get(url) ?? new Set();
    for (const one of [method].flat()) known.add(one);
    this.#methods.set(url, known);
  }

  methods(path: string): readonly string[] {
    const found = [...this.#methods].filter(([url]) => fits(url.split('/'), path.split('/')));
    return [...new Set(found.flatMap(([, methods]) => [...methods]))];
  }
}

function fits(pattern: readonly string[], path: readonly string[]): boolean {
  return (
    pattern.length === path.length && pattern.every((part, i) => part.startsWith(':') || part === path[i])
  );
}
