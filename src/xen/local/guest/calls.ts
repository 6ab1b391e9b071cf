/** A domain's way into the hypervisor: one call at a time, during which its thread sleeps as a processor does in a VM exit. */
import { CallState, Errno, errnoName, Word, type Handoff } from '../control-block.js';
import { XenCallError } from '../../errors.js';

/** Looks at the answer before the thread goes to sleep: some microseconds. */
const LOOKS = 1000;

export class Calls {
  readonly #words: Int32Array;
  readonly #port: Handoff['port'];
  readonly #looks: number;

  constructor({ control, port, parallel }: Handoff) {
    this.#words = new Int32Array(control);
    this.#port = port;
    this.#looks = parallel ? LOOKS : 0;
  }

  /** The low word of the last result, signed. */
  get low(): number {
    return this.#words[Word.low] ?? 0;
  }

  get high(): number {
    return this.#words[Word.high] ?? 0;
  }

  /** @returns the status: 0 or a negative error number. Allocates nothing. */
  call(number: number, a = 0, b = 0, c = 0, d = 0, e = 0): number {
    const words = this.#words;
    words[Word.call] = number;
    words[Word.arguments] = a;
    words[Word.arguments + 1] = b;
    words[Word.arguments + 2] = c;
    words[Word.arguments + 3] = d;
    words[Word.arguments + 4] = e;
    Atomics.store(words, Word.state, CallState.asked);
    // A thread that has to come out of its event loop for it takes longer than any look.
    if (Atomics.load(words, Word.attentive) === 0) this.#port.postMessage(0);
    else this.#lookForAnswer();
    this.#sleepUntilAnswered();
    Atomics.store(words, Word.state, CallState.idle);
    return words[Word.status] ?? -Errno.EINVAL;
  }

  #lookForAnswer(): void {
    for (let look = 0; look < this.#looks; look++)
      if (Atomics.load(this.#words, Word.state) === CallState.answered) return;
  }

  #sleepUntilAnswered(): void {
    const words = this.#words;
    while (Atomics.load(words, Word.state) !== CallState.answered) {
      Atomics.compareExchange(words, Word.state, CallState.asked, CallState.asleep);
      Atomics.wait(words, Word.state, CallState.asleep);
    }
  }

  /** The result of a call that gives a number. @throws {XenCallError} with `what` as the text's subject. */
  result(what: string, number: number, ...args: readonly number[]): number {
    const [a, b, c, d, e] = args;
    const status = this.call(number, a, b, c, d, e);
    if (status !== 0) throw new XenCallError(what, errnoName(-status), { arguments: args.map(String) });
    return this.low;
  }
}
