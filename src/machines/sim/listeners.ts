/** Who is told of one kind of event. */

export class Listeners<Event> {
  readonly #entries = new Set<{ readonly tell: (event: Event) => void }>();

  /** True when somebody listens: otherwise an event need not be made. */
  get any(): boolean {
    return this.#entries.size > 0;
  }

  /** Each call is for itself, so that one function can listen twice. @returns ends the listening. */
  add(listener: (event: Event) => void): Disposable {
    const entry = { tell: listener };
    this.#entries.add(entry);
    return {
      [Symbol.dispose]: () => {
        this.#entries.delete(entry);
      },
    };
  }

  /** One that comes during it is told of the next event first. */
  tell(event: Event): void {
    for (const { tell } of [...this.#entries]) tell(event);
  }
}
