/** When calls of domains are answered: at a message, and for a short while after each answer, because calls come in bursts. */
import type { DomainCalls } from './domain-calls.js';

/** How long the thread looks for the next call before it goes back to its event loop. */
const LINGER_MS = 0.03;
/** The longest that timers and sockets wait for a burst of calls. */
const LONGEST_MS = 1;
/** Looks between two glances at the clock. */
const LOOKS = 64;

export class CallLoop {
  readonly #domains = new Set<DomainCalls>();
  readonly #parallel: boolean;
  #lingering = false;

  /** `parallel`: domains run beside this thread; with one processor a look only keeps them from asking. */
  constructor(parallel: boolean) {
    this.#parallel = parallel;
  }

  add(calls: DomainCalls): void {
    calls.setAttentive(this.#lingering);
    this.#domains.add(calls);
  }

  remove(calls: DomainCalls): void {
    this.#domains.delete(calls);
  }

  /** A domain has sent a message: something waits in its block, or did. */
  wake(calls: DomainCalls): void {
    if (!calls.serve() || !this.#parallel || this.#lingering) return;
    this.#lingering = true;
    for (const domain of this.#domains) domain.setAttentive(true);
    this.#linger();
  }

  #linger(): void {
    const latest = performance.now() + LONGEST_MS;
    let until = performance.now() + LINGER_MS;
    for (let now = 0; now < until;) {
      let answered = false;
      for (let look = 0; look < LOOKS; look++)
        for (const domain of this.#domains) if (domain.serve()) answered = true;
      now = performance.now();
      if (answered) until = now + LINGER_MS;
      if (now < latest) continue;
      // The burst goes on: everybody else has a turn, and then we look again.
      setImmediate(() => {
        this.#linger();
      });
      return;
    }
    this.#lingering = false;
    for (const domain of this.#domains) domain.setAttentive(false);
    // One that asked between the last look and the word sent no message.
    for (const domain of this.#domains) domain.serve();
  }
}
