/** What is open once in this process, whatever the number of its users. */

interface Counted<T> {
  readonly value: T;
  users: number;
}

export class Shared<T extends { close(): void }> {
  readonly #open = new Map<number, Counted<T>>();

  /** Opens what `key` names for its first user; each user has to {@link leave} it once. */
  use(key: number, open: () => T): T {
    let counted = this.#open.get(key);
    if (counted === undefined) this.#open.set(key, (counted = { value: open(), users: 0 }));
    counted.users++;
    return counted.value;
  }

  /** What is open already, without becoming a user. */
  peek(key: number): T | undefined {
    return this.#open.get(key)?.value;
  }

  users(key: number): number {
    return this.#open.get(key)?.users ?? 0;
  }

  /** The last user closes it. */
  leave(key: number): void {
    const counted = this.#open.get(key);
    if (counted === undefined || --counted.users > 0) return;
    this.#open.delete(key);
    counted.value.close();
  }
}
