interface Window {
  startMs: number;
  lines: number;
  suppressed: number;
}

export interface LineBudgetOptions {
  /** Most lines of one kind in a period. */
  readonly lines: number;
  readonly periodMs: number;
  readonly now?: () => number;
}

/** Bounds how often the log says the same thing. As many kinds are remembered as there are; keep them few. */
export class LineBudget {
  readonly #windows = new Map<string, Window>();

  constructor(private readonly options: LineBudgetOptions) {}

  /**
   * Calls `write` if there is a line left for this kind; the fields say in `suppressed` how many were left out
   * since the last one.
   */
  spend(kind: string, write: (fields: { readonly suppressed?: number }) => void): void {
    const window = this.#window(kind);
    if (window.lines >= this.options.lines) {
      window.suppressed++;
      return;
    }
    window.lines++;
    const { suppressed } = window;
    window.suppressed = 0;
    write(suppressed > 0 ? { suppressed } : {});
  }

  #window(kind: string): Window {
    const { periodMs, now = () => performance.now() } = this.options;
    const nowMs = now();
    let window = this.#windows.get(kind);
    if (!window) {
      window = { startMs: nowMs, lines: 0, suppressed: 0 };
      this.#windows.set(kind, window);
    }
    if (nowMs - window.startMs >= periodMs) {
      window.startMs = nowMs;
      window.lines = 0;
    }
    return window;
  }
}
