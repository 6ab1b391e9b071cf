/** The thread that is woken by a {@link WakeUp}. */
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import type { InterruptSeries } from './interrupt-times.js';
import { summary } from './timed.js';

export interface WakeUpWord {
  /** 64 bits: nanoseconds of the process's monotonic clock at the last wake-up. */
  readonly rungAt: SharedArrayBuffer;
  /** 32 bits: 1 from the wake-up until it was seen. */
  readonly state: SharedArrayBuffer;
}

const word = workerData as WakeUpWord;
const rungAt = new BigInt64Array(word.rungAt);
const state = new Int32Array(word.state);
const port = parentPort;
if (port === null) throw new Error('this is a worker’s first module');

for (;;) {
  const [{ how, ring, count }] = (await once(port, 'message')) as [InterruptSeries];
  const times = new Float64Array(count);
  const start = performance.now();
  for (let taken = 0; taken < count; taken++) {
    port.postMessage(ring);
    if (how === 'awaited') await once(port, 'message');
    else Atomics.wait(state, 0, 0);
    const now = process.hrtime.bigint();
    Atomics.store(state, 0, 0);
    times[taken] = Number(now - Atomics.load(rungAt, 0)) / 1000;
  }
  port.postMessage(summary(times, (count * 1000) / (performance.now() - start)));
}
