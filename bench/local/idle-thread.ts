/** The thread of an {@link IdleThread}. */
import { parentPort, workerData } from 'node:worker_threads';
import { LOOP_MS } from './guest.js';
import { collectedHeap } from './heap.js';

const memory = new Int32Array(workerData as SharedArrayBuffer);

parentPort?.on('message', (what: 'loop' | 'heap') => {
  if (what === 'loop') setInterval(() => Atomics.add(memory, 0, 1), LOOP_MS);
  parentPort?.postMessage(what === 'heap' ? collectedHeap() : 0);
});
parentPort?.postMessage(0);
