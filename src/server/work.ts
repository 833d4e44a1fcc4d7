/** Counts requests and calls under way, so that a shutdown can wait for them. */
export class Work {
  #begun = 0;
  readonly #onIdle = new Set<() => void>();

  /** A request or call has begun; call the result once its answer is out or nobody waits for it any more. */
  begun(): () => void {
    this.#begun++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      if (--this.#begun > 0) return;
      for (const resolve of this.#onIdle) resolve();
      this.#onIdle.clear();
    };
  }

  /** Resolves when no request or call is under way. */
  async idle(): Promise<void> {
    if (this.#begun === 0) return;
    await new Promise<void>((resolve) => {
      this.#onIdle.add(resolve);
    });
  }
}
