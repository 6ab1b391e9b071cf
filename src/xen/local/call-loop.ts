/** When calls of domains are answered: at a message, and without one while they come in a burst. */
import { Served, type DomainCalls } from './domain-calls.js';
import { SpinBudget } from '../spin-budget.js';

/** Looks for the next call before the thread goes back to its event loop: longer than waking the caller takes. */
const LOOKS = 3000;
/** The longest that timers and sockets wait for a burst. */
const LONGEST_MS = 1;
/** Calls between two glances at the clock. */
const CALLS = 16;

export class CallLoop {
  readonly #domains: DomainCalls[] = [];
  readonly #spin: SpinBudget;
  /** Of the try that goes on. */
  #looks = 0;
  #lingering = false;

  /** `parallel`: domains can run while this thread looks. */
  constructor(parallel: boolean) {
    this.#spin = new SpinBudget({ most: parallel ? LOOKS : 0 });
  }

  add(calls: DomainCalls): void {
    calls.setAttentive(this.#lingering);
    this.#domains.push(calls);
  }

  remove(calls: DomainCalls): void {
    const index = this.#domains.indexOf(calls);
    if (index >= 0) this.#domains.splice(index, 1);
  }

  /** A domain has sent a message: something waits in its block, or did. */
  wake(calls: DomainCalls): void {
    if (calls.serve() !== Served.access || this.#lingering) return;
    this.#looks = this.#spin.first();
    if (this.#looks === 0) return;
    this.#lingering = true;
    for (const domain of this.#domains) domain.setAttentive(true);
    this.#linger();
  }

  readonly #linger = (): void => {
    const latest = performance.now() + LONGEST_MS;
    for (let calls = 1; this.#serveNext() === Served.access; calls++) {
      if (calls % CALLS !== 0 || performance.now() < latest) continue;
      // The burst goes on: everybody else has a turn, and then we look again.
      setImmediate(this.#linger);
      return;
    }
    this.#lingering = false;
    for (const domain of this.#domains) domain.setAttentive(false);
    // One that asked between the last look and the word sent no message.
    this.#serveAll();
  };

  /** Looks until somebody has asked. `nothing`: nobody did. */
  #serveNext(): Served {
    for (let look = 0; look < this.#looks; look++) {
      const served = this.#serveAll();
      if (served === Served.nothing) continue;
      this.#spin.paid(look);
      this.#looks = this.#spin.next();
      return served;
    }
    this.#spin.failed();
    return Served.nothing;
  }

  /** Answers one call of each domain that asks. */
  #serveAll(): Served {
    const domains = this.#domains;
    let all: Served = Served.nothing;
    for (let index = 0; index < domains.length; index++) {
      const served = domains[index]?.serve() ?? Served.nothing;
      if (served > all) all = served;
    }
    return all;
  }
}
