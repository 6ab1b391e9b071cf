/** How the lab's and the bench's commands end: their exit code, on signals, and with a message instead of a stack. */
import { LabFailure } from './failure.js';

/** Runs a command to its exit code; 2 when it could not do its work or was called wrongly. */
export async function runCommand(main: () => Promise<number>): Promise<void> {
  // A signal ends the process the ordinary way, so that QEMU is ended with it.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  try {
    process.exitCode = await main();
  } catch (error) {
    const usage = error instanceof TypeError && 'code' in error;
    if (!(error instanceof LabFailure || usage)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
