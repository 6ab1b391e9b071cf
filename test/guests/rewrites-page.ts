/** The second processor of a hostile guest: rewrites the shared page for as long as it is let. */
import { workerData } from 'node:worker_threads';
import { rewritePage } from '../hostile/page-operations.js';
import { Random } from '../xen/store/comparison/random.js';

export interface SecondProcessor {
  readonly memory: SharedArrayBuffer;
  /** Byte offset of the page. */
  readonly page: number;
  /** One word: {@link RUNS}, {@link STOPPED}, or {@link IDLE} once it has seen that. */
  readonly state: Int32Array;
  readonly seed: number;
}

export const STOPPED = 0;
export const RUNS = 1;
export const IDLE = 2;

const start = workerData as Partial<SecondProcessor> | null;
if (start?.memory !== undefined && start.state !== undefined) rewrite(start as SecondProcessor);

function rewrite({ memory, page, state, seed }: SecondProcessor): never {
  const random = new Random(~seed);
  const words = new Int32Array(memory, page, 1024);
  for (;;) {
    if (Atomics.compareExchange(state, 0, STOPPED, IDLE) === STOPPED) Atomics.notify(state, 0);
    while (Atomics.load(state, 0) === IDLE) Atomics.wait(state, 0, IDLE);
    rewritePage({ random, words, own: [0], foreign: [] });
  }
}
