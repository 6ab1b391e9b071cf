/** Following what watches tell of: one look after each wake-up, one at a time. */

/** Wake-ups that come during a look are one more look. */
export class Follower {
  readonly #look: () => Promise<void>;
  #looking: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  /** `look` sees what there is and does what that asks for. It deals with its own errors and never rejects. */
  constructor(look: () => Promise<void>) {
    this.#look = look;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Something changed. Settles when there is nothing more to look at. */
  wake(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#again = true;
    this.#looking ??= this.#catchUp();
    return this.#looking;
  }

  /** No further look begins; the one that runs sees it at its next pause, in {@link stopped}. */
  stop(): void {
    this.#stopped = true;
  }

  /** Settles when no look runs. */
  async settled(): Promise<void> {
    await this.#looking;
  }

  async #catchUp(): Promise<void> {
    try {
      // The wake-up's own synchronous part ends here, so that `#looking` is set before it can be cleared.
      await Promise.resolve();
      while (this.#again && !this.#stopped) {
        this.#again = false;
        await this.#look();
      }
    } finally {
      // In the same turn as the last look at `#again`: a wake-up in between would be lost.
      this.#looking = undefined;
    }
  }
}
