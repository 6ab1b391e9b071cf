/** What the platform gives: one thread tells another something, by a message or by waking it where it sleeps on a word. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { InterruptSeries } from './interrupt-times.js';
import type { Times } from './timed.js';
import type { WakeUpWord } from './wake-up-thread.js';

const THREAD = new URL('./wake-up-thread.js', import.meta.url);

/** This thread wakes the other as the bell does: when it is asked to, in a later turn or after some milliseconds. */
export class WakeUp implements AsyncDisposable {
  readonly #word: WakeUpWord = { rungAt: new SharedArrayBuffer(8), state: new SharedArrayBuffer(4) };
  readonly #worker = new Worker(THREAD, { workerData: this.#word });
  readonly #rungAt = new BigInt64Array(this.#word.rungAt);
  readonly #state = new Int32Array(this.#word.state);

  async measure(series: InterruptSeries): Promise<Times> {
    const onRing = (ring: number): void => {
      if (ring === 1) setImmediate(this.#wake, series.how);
      else setTimeout(this.#wake, ring, series.how);
    };
    this.#worker.on('message', (told: number | Times) => {
      if (typeof told === 'number') onRing(told);
    });
    this.#worker.postMessage(series);
    for (;;) {
      const [told] = (await once(this.#worker, 'message')) as [number | Times];
      if (typeof told === 'number') continue;
      this.#worker.removeAllListeners('message');
      return told;
    }
  }

  readonly #wake = (how: InterruptSeries['how']): void => {
    Atomics.store(this.#rungAt, 0, process.hrtime.bigint());
    if (how === 'awaited') this.#worker.postMessage('rung');
    else {
      Atomics.store(this.#state, 0, 1);
      Atomics.notify(this.#state, 0);
    }
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
