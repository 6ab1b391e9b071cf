/** Changes of one thing come one after the other; those of different things do not wait for each other. */

export class Turns<Key> {
  /** The last change of each. */
  readonly #last = new Map<Key, Promise<unknown>>();

  /** Makes a change when those before it of the same thing have ended, however. */
  async take<Result>(key: Key, change: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key);
    const mine = (async () => {
      await before?.catch(() => undefined);
      return change();
    })();
    this.#last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === mine) this.#last.delete(key);
    }
  }

  /** The same for a change of several things at once. Keys are numbers, taken in their order: nobody waits in a circle. */
  takeAll<Result>(
    this: Turns<number>,
    keys: readonly number[],
    change: () => Promise<Result>,
  ): Promise<Result> {
    const [first, ...rest] = [...new Set(keys)].sort((a, b) => a - b);
    return first === undefined ? change() : this.take(first, () => this.takeAll(rest, change));
  }

  /** Settles when all that have begun have ended. */
  async ended(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}
