/** What the platform gives: a round trip of two threads over one shared word, each asleep until the other wakes it. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PingPongRole } from './ping-pong-thread.js';
import type { Series, Times } from './timed.js';

const THREAD = new URL('./ping-pong-thread.js', import.meta.url);

export class PingPong implements AsyncDisposable {
  readonly #word = new SharedArrayBuffer(4);
  readonly #asker = this.#start('asker');
  readonly #answerer = this.#start('answerer');

  async measure(series: Series): Promise<Times> {
    this.#asker.postMessage(series);
    const [times] = (await once(this.#asker, 'message')) as [Times];
    return times;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#asker.terminate(), this.#answerer.terminate()]);
  }

  #start(role: PingPongRole['role']): Worker {
    const workerData: PingPongRole = { role, word: this.#word };
    return new Worker(THREAD, { workerData });
  }
}
