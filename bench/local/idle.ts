/** The peer of a guest that idles: a worker with as much memory and the same limits that does nothing but wake up. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** Those of an embedded guest. */
const MEMORY_BYTES = 16 * 2 ** 20;
const HEAP_MIB = 256;

export class IdleThread implements AsyncDisposable {
  readonly #memory = new SharedArrayBuffer(MEMORY_BYTES);
  readonly #worker = new Worker(new URL('./idle-thread.js', import.meta.url), {
    workerData: this.#memory,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });

  /** Settles when it runs. */
  static async start(): Promise<IdleThread> {
    const thread = new IdleThread();
    await once(thread.#worker, 'message');
    return thread;
  }

  async loop(): Promise<void> {
    await this.#ask('loop');
  }

  async heap(): Promise<number> {
    return this.#ask('heap');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }

  async #ask(what: 'loop' | 'heap'): Promise<number> {
    this.#worker.postMessage(what);
    const [answer] = (await once(this.#worker, 'message')) as [number];
    return answer;
  }
}
