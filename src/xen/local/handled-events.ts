/** Events that a domain raises for domain 0, as its handler gets them: at once, or after a pause where they are a storm. */
import { EventThrottle } from '../event-throttle.js';
import type { OnEvent } from '../platform.js';

export class HandledEvents {
  readonly #onEvent: OnEvent;
  readonly #throttle = new EventThrottle();
  #pause: NodeJS.Timeout | undefined;
  /** Raised during the pause. */
  #pending = false;
  #closed = false;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  get closed(): boolean {
    return this.#closed;
  }

  raise(): void {
    if (this.#pause !== undefined) this.#pending = true;
    else if (!this.#closed) this.#handle();
  }

  /** None is handled any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#pause);
  }

  #handle(): void {
    let served = false;
    // A handler deals with its own errors; what it lets through must not become an answer to the guest's call.
    try {
      served = this.#onEvent();
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
    }
    const milliseconds = this.#throttle.after(served);
    if (milliseconds === 0 || this.#closed) return;
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      const raised = this.#pending;
      this.#pending = false;
      if (raised) this.#handle();
    }, milliseconds);
  }
}
