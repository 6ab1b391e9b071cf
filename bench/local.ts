/** The embedded machine: what guests get of it, beside what the platform and the machine alone give, in one run. */
import { availableParallelism, loadavg } from 'node:os';
import { measureAccesses } from './local/accesses.js';
import { measureAttach } from './local/attach.js';
import { measureCrowd } from './local/crowd.js';
import { measureGrowth } from './local/growth.js';
import { measureInterrupts } from './local/interrupts.js';

export async function measureLocal(rounds: number): Promise<void> {
  for (const part of [measureAccesses, measureInterrupts, measureAttach, measureCrowd, measureGrowth]) {
    console.log(
      `local: ${availableParallelism()} processors, load average ${loadavg()
        .map((load) => load.toFixed(2))
        .join(' ')}`,
    );
    await part(rounds);
  }
}
