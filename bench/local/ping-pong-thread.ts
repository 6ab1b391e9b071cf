/** One of the two threads of a {@link PingPong}: asks, or answers until it is terminated. */
import { parentPort, workerData } from 'node:worker_threads';
import { timesOf, type Series } from './timed.js';

export interface PingPongRole {
  readonly role: 'asker' | 'answerer';
  readonly word: SharedArrayBuffer;
}

const State = { answered: 0, asked: 1 } as const;

const { role, word } = workerData as PingPongRole;
const state = new Int32Array(word);

function ask(): void {
  Atomics.store(state, 0, State.asked);
  Atomics.notify(state, 0);
  while (Atomics.load(state, 0) !== State.answered) Atomics.wait(state, 0, State.asked);
}

function answerForEver(): never {
  for (;;) {
    while (Atomics.load(state, 0) !== State.asked) Atomics.wait(state, 0, State.answered);
    Atomics.store(state, 0, State.answered);
    Atomics.notify(state, 0);
  }
}

if (role === 'answerer') answerForEver();
parentPort?.on('message', (series: Series) => {
  void Promise.resolve(timesOf(ask, series)).then((times) => parentPort?.postMessage(times));
});
