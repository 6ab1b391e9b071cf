/** What is open: by handle, the number that the kernel says at each call on it. */

/** Handles are never given twice in a session. */
export class Handles<Open> {
  readonly #open = new Map<number, Open>();
  #last = 0;

  get size(): number {
    return this.#open.size;
  }

  add(open: Open): number {
    this.#open.set(++this.#last, open);
    return this.#last;
  }

  get(handle: number): Open | undefined {
    return this.#open.get(handle);
  }

  /** Takes it out, for its end. */
  take(handle: number): Open | undefined {
    const open = this.#open.get(handle);
    this.#open.delete(handle);
    return open;
  }

  *takeAll(): Generator<Open> {
    for (const [handle, open] of [...this.#open]) {
      this.#open.delete(handle);
      yield open;
    }
  }
}
