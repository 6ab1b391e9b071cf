/** A program for tests: has ever more descriptors left to start a machine with, and says how each start failed and what it left open. */
import { closeSync, openSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { QemuMachine } from '../../../src/machines/qemu/index.js';
import { openEventCounter } from '../../../src/os/index.js';
import { OpenslotError } from '../../../src/pci/index.js';

/** As many as the machine opens itself and the pipes of a child; where Node itself has too few, it leaves some open. */
const MOST_FREE = 11;
const openDescriptors = () => readdirSync('/proc/self/fd').length;

// All that a first native call, or a first child, opens for good.
closeSync(openEventCounter('a test'));
await failure();
const taken: number[] = [];
try {
  for (;;) taken.push(openSync('/dev/null', 'r'));
} catch {
  // None is left.
}
for (let free = 1; free <= MOST_FREE; free++) {
  closeSync(taken.pop() ?? -1);
  await start(free);
}
// Enough for a child, and not for the doorbell's counters.
for (const descriptor of taken) closeSync(descriptor);
await start(taken.length);

async function start(free: number): Promise<void> {
  const before = openDescriptors();
  const error = await failure();
  // Pipes of a child are closed a turn later.
  for (let turn = 0; turn < 3000 && openDescriptors() > before; turn++) await sleep(10);
  const told = error instanceof OpenslotError ? error.code : String(error);
  process.stdout.write(`${free} ${told} ${Math.max(0, openDescriptors() - before)}\n`);
}

/** What is started instead of QEMU ends at once. */
async function failure(): Promise<unknown> {
  return QemuMachine.start('', { command: ['sh', '-c', 'exit 3'] }).then(
    () => 'it has started',
    (error: unknown) => error,
  );
}
