/** A program for tests: starts QEMU, says its process id, and ends without closing the machine, in the way that is asked for. */
import { once } from 'node:events';
import { startQemu } from './qemu.js';

const machine = await startQemu('-device edu');
process.stdout.write(`${machine.pid}\n`);
if (process.argv[2] !== 'nothing more to do') {
  process.stdin.resume();
  await once(process.stdin, 'end');
  if (process.argv[2] === 'exit') process.exit(0);
  // Until it is killed.
  setInterval(() => undefined, 1000);
}
