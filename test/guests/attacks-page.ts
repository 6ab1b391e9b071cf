/**
 * A hostile guest without a library of ours. `races`: one processor asks, and another rewrites the page meanwhile;
 * `asks`: requests, as fast as it can; `storms`: events without a request. The second argument is the seed, the third
 * how often in each round.
 */
import { Worker, workerData } from 'node:worker_threads';
import { connectGuest } from '../../src/xen/local/guest/index.js';
import type { Handoff } from '../../src/xen/local/index.js';
import { anyRequest, post } from '../hostile/page-operations.js';
import { RawFrontEnd } from '../hostile/raw-front-end.js';
import { Random } from '../xen/store/comparison/random.js';
import { followRounds } from './rounds.js';
import { IDLE, RUNS, STOPPED, type SecondProcessor } from './rewrites-page.js';

const { handoff, data } = workerData as {
  readonly handoff: Handoff;
  readonly data: { readonly arguments: readonly string[] };
};
const [what = '', seed = '1', operations = '1'] = data.arguments;
const platform = connectGuest(handoff);
const front = new RawFrontEnd(platform);
await front.follow();

function startSecondProcessor(): Int32Array {
  const state = new Int32Array(new SharedArrayBuffer(4));
  const { byteOffset } = front.words;
  const start: SecondProcessor = { memory: handoff.memory, page: byteOffset, state, seed: Number(seed) };
  new Worker(new URL('./rewrites-page.js', import.meta.url), { workerData: start }).unref();
  return state;
}

function setState(state: Int32Array, value: number): void {
  Atomics.store(state, 0, value);
  Atomics.notify(state, 0);
}

const ground = {
  random: new Random(Number(seed)),
  words: front.words,
  own: [0] as const,
  foreign: [],
};
const second = what === 'races' ? startSecondProcessor() : undefined;

await followRounds(platform.store, () => {
  if (second !== undefined) setState(second, RUNS);
  for (let count = 0; count < Number(operations); count++) {
    if (what === 'storms') Atomics.store(front.words, 0, 0);
    else anyRequest(ground);
    front.channel.notify();
  }
  if (second === undefined) return 'done';
  setState(second, STOPPED);
  // Nothing is on between two rounds, so that what is open then is always the same.
  while (Atomics.load(second, 0) !== IDLE) Atomics.wait(second, 0, STOPPED);
  post(ground, { command: 3 });
  front.channel.notify();
  return 'done';
});
