/** The lock on what outlives the boot: one process at a time changes files that the boot reads. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, lockFolder, makeFolder, readRegularFile, writeNewFile } from '../durable/index.js';
import { OpenslotError } from '../pci/index.js';

/** Another process changes files at this moment. */
export class StateBusyError extends OpenslotError {
  readonly code = 'STATE_BUSY';
  constructor(directory: string, process: number | undefined) {
    const who = process === undefined ? 'another process' : `process ${process}`;
    super(
      `${who} changes files that the boot reads, and keeps its journal in ${directory}`,
      { directory, ...(process === undefined ? {} : { process }) },
      'wait until it has ended, and give the command again',
    );
  }
}

/** The directory cannot be used. */
export class StateDirectoryError extends OpenslotError {
  readonly code = 'STATE_DIRECTORY';
  constructor(directory: string, errno: string, options?: ErrorOptions) {
    super(
      `${directory} cannot be used: ${errno}`,
      { directory, errno },
      'run the command as root, or name a directory of your own in OPENSLOT_STATE_DIR',
      options,
    );
  }
}

/** Takes the lock; a file beside tells who has it. @throws {StateBusyError | StateDirectoryError} */
export async function lockState(directory: string): Promise<AsyncDisposable> {
  const holder = join(directory, 'holder');
  let lock: AsyncDisposable | undefined;
  try {
    makeFolder(directory, 0o700);
    lock = await lockFolder('state', directory);
    if (lock !== undefined) writeNewFile(holder, `${process.pid}\n`);
  } catch (cause) {
    await lock?.[Symbol.asyncDispose]();
    throw new StateDirectoryError(directory, errnoOf(cause), { cause });
  }
  if (lock === undefined) throw new StateBusyError(directory, holderOf(holder));
  const taken = lock;
  return {
    async [Symbol.asyncDispose]() {
      rmSync(holder, { force: true });
      await taken[Symbol.asyncDispose]();
    },
  };
}

function holderOf(file: string): number | undefined {
  try {
    const id = Number(readRegularFile(file, 'utf8'));
    return Number.isSafeInteger(id) && id > 0 ? id : undefined;
  } catch {
    // It has the lock and has not written yet, or gives it back at this moment.
    return undefined;
  }
}
